// What a finished control sequence of a key means: cursor keys in all their forms, kitty and modifyOtherKeys codes.
import {type KeyEvent, type KeyName, type Modifiers, press} from './event.ts';
import {keyOfCharacter} from './key-positions.ts';

const FINAL: Readonly<Record<string, KeyName>> = {
  A: 'up',
  B: 'down',
  C: 'right',
  D: 'left',
  H: 'home',
  F: 'end',
};

/** rxvt: with Shift behind CSI, with Ctrl behind SS3. */
const RXVT: Readonly<Record<string, KeyName>> = {a: 'up', b: 'down', c: 'right', d: 'left'};

const TILDE: Readonly<Record<number, KeyName>> = {
  1: 'home',
  2: 'insert',
  3: 'delete',
  4: 'end',
  5: 'pageup',
  6: 'pagedown',
  7: 'home',
  8: 'end',
};

/** rxvt says the modifiers of those by another final character. */
const RXVT_FINAL: Readonly<Record<string, Modifiers>> = {
  '^': {ctrl: true},
  $: {shift: true},
  '@': {ctrl: true, shift: true},
};

/** The keypad in application mode, behind SS3. */
const KEYPAD: Readonly<Record<string, string>> = {
  X: '=',
  j: '*',
  k: '+',
  l: ',',
  m: '-',
  n: '.',
  o: '/',
  p: '0',
  q: '1',
  r: '2',
  s: '3',
  t: '4',
  u: '5',
  v: '6',
  w: '7',
  x: '8',
  y: '9',
};

/** Code points that the kitty protocol and modifyOtherKeys give to named keys (57344 and up: kitty's keypad block). */
const NAMED: Readonly<Record<number, KeyName>> = {
  8: 'backspace',
  9: 'tab',
  13: 'enter',
  27: 'escape',
  32: 'space',
  127: 'backspace',
  57414: 'enter',
  57417: 'left',
  57418: 'right',
  57419: 'up',
  57420: 'down',
  57421: 'pageup',
  57422: 'pagedown',
  57423: 'home',
  57424: 'end',
  57425: 'insert',
  57426: 'delete',
};

/** kitty's codes of keypad keys that type a character: the digits, then these. */
const KEYPAD_FIRST = 57399;
const KEYPAD_CHARACTERS = '0123456789./*-+';
const KEYPAD_OTHERS: Readonly<Record<number, string>> = {57415: '=', 57416: ','};

/** Modifiers of a key are numbers of 2 to 16 where the form has no other field. */
const MOST_MODIFIERS = 16;
const RELEASED = 3;

/**
 * Key event of `CSI parameters final`; undefined for releases, function keys, and everything that is no key.
 * Sources: xterm's ctlseqs, rxvt's key table, kitty's keyboard protocol.
 */
export function csiKey(parameters: string, final: string): KeyEvent | undefined {
  if (!/^[\d;:]*$/.test(parameters)) return undefined;
  const fields = parameters.split(';').map((field) => field.split(':').map(Number));
  const [code = 0, shifted = 0, base = 0] = fields[0] ?? [];
  const [modifiers = 0, event] = fields[1] ?? [];
  if (event === RELEASED) return undefined;
  if (final === 'u') return coded({code, shifted, base}, kittyModifiers(modifiers), fields[2] ?? []);
  if (final === '~' && code === 27) {
    return coded({code: fields[2]?.[0] ?? 0, shifted: 0, base: 0}, kittyModifiers(modifiers), []);
  }
  if (final === '~') return named(TILDE[code], cursorModifiers(modifiers));
  if (final in RXVT_FINAL) return named(TILDE[code], RXVT_FINAL[final]);
  if (final === 'Z') return press('tab', {...cursorModifiers(modifiers), shift: true});
  if (final in RXVT) return parameters === '' ? named(RXVT[final], {shift: true}) : undefined;
  // Old xterm and PuTTY: the only number is the modifier.
  const alone = fields.length === 1 && code >= 2 && code <= MOST_MODIFIERS ? code : modifiers;
  return named(FINAL[final], cursorModifiers(alone));
}

/** True where `$` ends a sequence: behind a number alone. In the reply `CSI ? 2026 ; 2 $ y` it does not. */
export function endsWithDollar(parameters: string): boolean {
  return /^[235678]$/.test(parameters);
}

/** Key event of `SS3 final`; `undefined` for function keys and everything unknown. */
export function ss3Key(final: string): KeyEvent | undefined {
  const typed = KEYPAD[final];
  if (typed !== undefined) return {type: 'text', text: typed};
  if (final === 'M') return press('enter');
  return named(FINAL[final], {}) ?? named(RXVT[final], {ctrl: true});
}

function named(name: KeyName | undefined, modifiers: Modifiers = {}): KeyEvent | undefined {
  return name === undefined ? undefined : press(name, modifiers);
}

const SHIFT = 1;
const ALT = 2;
const CTRL = 4;
/** Super by kitty's protocol, Meta in cursor keys of xterm's form (iTerm2 before its version 3.5). */
const SUPER_OR_META = 8;
const HYPER = 16;
const META = 32;

/** Modifiers less 1 are these bits; Caps Lock (64) and Num Lock (128) change nothing. */
function kittyModifiers(modifiers: number): Modifiers {
  const bits = Math.max(0, modifiers - 1);
  return {
    shift: (bits & SHIFT) !== 0,
    alt: (bits & (ALT | META)) !== 0,
    ctrl: (bits & CTRL) !== 0,
    super: (bits & (SUPER_OR_META | HYPER)) !== 0,
  };
}

function cursorModifiers(modifiers: number): Modifiers {
  const bits = Math.max(0, modifiers - 1);
  return {shift: (bits & SHIFT) !== 0, alt: (bits & (ALT | SUPER_OR_META)) !== 0, ctrl: (bits & CTRL) !== 0};
}

/** A key by its codes: what it types, what it types with Shift, and where it is on a US keyboard; 0 = not said. */
interface KeyCodes {
  readonly code: number;
  readonly shifted: number;
  readonly base: number;
}

function coded(codes: KeyCodes, modifiers: Modifiers, text: readonly number[]): KeyEvent | undefined {
  const {ctrl = false, alt = false, shift = false} = modifiers;
  const commands = ctrl || alt || modifiers.super === true;
  const name = NAMED[codes.code];
  if (name !== undefined && !(name === 'space' && !commands)) return press(name, modifiers);
  const keypad = KEYPAD_CHARACTERS[codes.code - KEYPAD_FIRST] ?? KEYPAD_OTHERS[codes.code];
  if (!commands) {
    const typed = keypad ?? typedText(text) ?? character(codes.shifted) ?? shiftedText(codes.code, shift);
    return typed === undefined ? undefined : {type: 'text', text: typed};
  }
  const key = keypad ?? commandKey(codes, shift);
  return key === undefined ? undefined : press(key, modifiers);
}

/** The key of a command such as Ctrl+C, whatever script the keyboard types. */
function commandKey({code, shifted, base}: KeyCodes, shift: boolean): string | undefined {
  if (code < 0x80) return character(shift && shifted !== 0 ? shifted : code)?.toLowerCase();
  const typed = character(code);
  // Keyboards of Latin letters have all that is bound; what they have at another place means what it says.
  if (typed === undefined || /\p{Script=Latin}/u.test(typed)) return undefined;
  return base > 0 && base < 0x80 ? character(base)?.toLowerCase() : keyOfCharacter(typed);
}

function typedText(codes: readonly number[]): string | undefined {
  const characters = codes.flatMap((code) => character(code) ?? []);
  return characters.length === 0 ? undefined : characters.join('');
}

function shiftedText(code: number, shift: boolean): string | undefined {
  const typed = character(code);
  return shift ? typed?.toUpperCase() : typed;
}

/** The character of a code; undefined for control characters, halves of pairs, and kitty's codes of keys without one. */
function character(code: number): string | undefined {
  const valid =
    code >= 0x20 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xf8ff) && !(code >= 0x7f && code < 0xa0);
  return valid ? String.fromCodePoint(code) : undefined;
}
