// What a finished control sequence means: cursor keys, kitty and modifyOtherKeys codes; terminal replies mean nothing.
import {type KeyEvent, type KeyName, press} from './event.ts';

const FINAL: Readonly<Record<string, KeyName>> = {
  A: 'up',
  B: 'down',
  C: 'right',
  D: 'left',
  H: 'home',
  F: 'end',
  Z: 'tab',
};

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
  57423: 'home',
  57424: 'end',
  57426: 'delete',
};

/** Key event of `CSI parameters final`; undefined for replies, mouse, focus and everything unknown. */
export function csiKey(parameters: string, final: string): KeyEvent | undefined {
  if (final === 'u' && /^\?\d+$/.test(parameters)) return {type: 'kitty'};
  if (!/^[\d;:]*$/.test(parameters)) return undefined;
  const fields = parameters.split(';').map((field) => field.split(':').map(Number));
  const first = fields[0]?.[0] ?? 0;
  const modifiers = fields[1]?.[0] ?? 0;
  if (fields[1]?.[1] === 3) return undefined; // kitty: the key was released
  if (final === 'u') return coded(first, modifiers);
  if (final === '~') {
    if (first === 27) return coded(fields[2]?.[0] ?? 0, modifiers);
    const name = TILDE[first];
    return name === undefined ? undefined : press(name, flags(modifiers));
  }
  const name = FINAL[final];
  if (name === undefined) return undefined;
  return press(name, final === 'Z' ? {...flags(modifiers), shift: true} : flags(modifiers));
}

function flags(modifiers: number): {ctrl: boolean; alt: boolean; shift: boolean} {
  const bits = Math.max(0, modifiers - 1);
  return {shift: (bits & 1) !== 0, alt: (bits & 2) !== 0, ctrl: (bits & 4) !== 0};
}

function coded(code: number, modifiers: number): KeyEvent | undefined {
  const {ctrl, alt, shift} = flags(modifiers);
  const name = NAMED[code];
  if (name !== undefined && !(name === 'space' && !ctrl && !alt)) return press(name, {ctrl, alt, shift});
  const valid =
    code >= 0x20 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xf8ff) && !(code >= 0x7f && code < 0xa0);
  if (!valid) return undefined;
  const character = String.fromCodePoint(code);
  if (!ctrl && !alt) return {type: 'text', text: shift ? character.toUpperCase() : character};
  return press(character.toLowerCase(), {ctrl, alt, shift});
}
