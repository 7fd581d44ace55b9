// Bytes of a terminal in, key events out. Ours because Ink 6's input loses keys that arrive in one chunk.
import {csiKey, endsWithDollar, ss3Key} from './csi.ts';
import {type DecodedEvent, isKeyEvent, type KeyEvent, press} from './event.ts';
import {PasteBuffer} from './paste-buffer.ts';
import {type Awaited, csiReply, stringReply} from './terminal-replies.ts';

/** A control sequence longer than this is garbage, and a string of a terminal is read no further. */
const SEQUENCE_LIMIT = 64;
const STRING_LIMIT = 256;

/** Bytes of a mouse report behind `CSI M`. */
const MOUSE_BYTES = 3;

/** Milliseconds without a byte until an ESC alone is the Escape key. */
const ESCAPE_WAIT = 50;
/** What else is begun was never typed: a slow line has cut it. Milliseconds until its rest is given up. */
const REST_WAIT = 500;
/** A paste whose end does not come. Milliseconds. */
const PASTE_WAIT = 1000;
/** A line feed this soon behind a carriage return belongs to it. Milliseconds. */
const LINE_FEED_WAIT = 10;

type State = 'ground' | 'escape' | 'csi' | 'csi-linux' | 'ss3' | 'string' | 'string-escape' | 'paste';

/**
 * Splits a terminal's byte stream into key events and what the terminal says. How the bytes are cut into chunks makes no
 * difference, but for what only reads and times tell apart: CR LF, what follows `CSI M`, and Ctrl-C alone in a paste.
 */
export class KeyDecoder {
  /** What Enter of the keypad in application mode is: Konsole sends it for Shift+Enter. */
  keypadEnterIsShifted = false;
  readonly #now: () => number;
  readonly #awaited: Awaited = {reports: 0, attributes: false};
  readonly #utf8 = new TextDecoder('utf-8');
  #state: State = 'ground';
  #sequence = '';
  /** `]` or `P`, with which a string began. */
  #opener = '';
  /** An ESC stands before the sequence: Alt, when a key follows. */
  #meta = false;
  /** The sequence began with U+009B, which no terminal sends in UTF-8, or behind an ESC that was a key by then. */
  #ignored: 'c1' | 'late' | undefined;
  #paste = new PasteBuffer();
  #events: DecodedEvent[] = [];
  /** When the last read ended with a carriage return, and when an ESC alone became the Escape key. */
  #returnAt = -Infinity;
  #escapeAt = -Infinity;

  /** `now` in milliseconds, monotonic. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Milliseconds after which `flush` is to be called when no byte comes; undefined while nothing is unfinished. */
  get wait(): number | undefined {
    if (this.#state === 'ground') return undefined;
    if (this.#state === 'paste') return PASTE_WAIT;
    const isShort = this.#sequence === '' || this.#ignored === 'late';
    return isShort && this.#state !== 'string-escape' ? ESCAPE_WAIT : REST_WAIT;
  }

  /** True while an answer that was asked for is still to come. */
  get isAwaiting(): boolean {
    return this.#awaited.attributes;
  }

  /** From now on `reports` reports of the cursor are answers, not Shift+F3, until the device attributes end them. */
  awaitReplies(reports: number): void {
    this.#awaited.reports = reports;
    this.#awaited.attributes = true;
  }

  /** `typedBefore`: the bytes were typed before the keys were raw, so that Enter is a line feed. */
  push(bytes: Uint8Array, typedBefore = false): DecodedEvent[] {
    const text = this.#utf8.decode(bytes, {stream: true});
    const now = this.#now();
    let index = 0;
    if (text === '\x03' && this.#state === 'paste') {
      // Somebody does not want to wait for an end that does not come.
      return this.flush();
    }
    if (text.startsWith('\n') && now - this.#returnAt <= LINE_FEED_WAIT) index = 1;
    else if (now - this.#escapeAt <= REST_WAIT) this.#lateSequence(text);
    if (text !== '') this.#escapeAt = -Infinity;
    while (index < text.length) {
      if (this.#state === 'paste') {
        index = this.#pasteFrom(text, index);
        continue;
      }
      const character = String.fromCodePoint(text.codePointAt(index) ?? 0);
      index += character.length;
      if (this.#state === 'ground' && character === '\n' && typedBefore) this.#events.push(press('enter'));
      else if (this.#isMouse(character)) {
        this.#state = 'ground';
        // The mouse is never switched on here, so a report of it is rare, and CSI M alone is a key of st.
        if (text.length - index >= MOUSE_BYTES) index += MOUSE_BYTES;
      } else this.#step(character);
      const isReturn = character === '\r' && this.#state === 'ground';
      if (isReturn && text[index] === '\n') index += 1;
      this.#returnAt = isReturn && index === text.length ? now : -Infinity;
    }
    return this.#take();
  }

  /** Ends what is unfinished: a lone ESC becomes the Escape key, half a sequence is dropped, a paste is delivered. */
  flush(): DecodedEvent[] {
    const state = this.#state;
    this.#state = 'ground';
    if (this.#ignored === 'late') this.#text((state === 'ss3' ? 'O' : '[') + this.#sequence);
    else if (state === 'escape') {
      if (this.#meta) this.#events.push(press('escape'));
      this.#events.push(press('escape'));
      this.#escapeAt = this.#now();
    } else if (state === 'paste') this.#events.push(this.#paste.end());
    else if (this.#ignored === undefined && this.#sequence === '') this.#flushOpener(state);
    this.#ignored = undefined;
    this.#meta = false;
    return this.#take();
  }

  /** ESC and a character that could have begun more: that character with Alt. */
  #flushOpener(state: State): void {
    if (state !== 'csi' && state !== 'ss3' && state !== 'string') return;
    if (this.#meta) this.#events.push(press('escape'));
    const character = state === 'csi' ? '[' : state === 'ss3' ? 'O' : this.#opener;
    this.#ground(character, true);
  }

  #take(): DecodedEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  #emit(event: KeyEvent): void {
    if (event.type === 'text') this.#text(event.text);
    else this.#events.push(event);
  }

  #text(text: string): void {
    const last = this.#events.at(-1);
    if (last?.type === 'text') this.#events[this.#events.length - 1] = {type: 'text', text: last.text + text};
    else this.#events.push({type: 'text', text});
  }

  #isMouse(character: string): boolean {
    return this.#state === 'csi' && character === 'M' && this.#sequence === '' && this.#ignored === undefined;
  }

  #step(character: string): void {
    switch (this.#state) {
      case 'escape':
        this.#escape(character);
        break;
      case 'csi':
        this.#csi(character);
        break;
      case 'ss3':
        this.#ss3(character);
        break;
      case 'csi-linux':
        this.#state = 'ground';
        break;
      case 'string':
        if (character === '\x07') this.#endString();
        else if (character === '\x1b') this.#state = 'string-escape';
        else if (this.#sequence.length < STRING_LIMIT) this.#sequence += character;
        break;
      case 'string-escape':
        if (character === '\\') this.#endString();
        else this.#state = 'string';
        break;
      default:
        this.#ground(character, false);
    }
  }

  #ground(character: string, alt: boolean): void {
    const code = character.codePointAt(0) ?? 0;
    if (code === 0x1b) this.#begin('escape');
    else if (code === 0x0d || (code === 0x0a && alt)) this.#events.push(press('enter', {alt}));
    else if (code === 0x09) this.#events.push(press('tab', {alt}));
    else if (code === 0x7f || code === 0x08) this.#events.push(press('backspace', {alt}));
    else if (code === 0x00) this.#events.push(press('space', {ctrl: true, alt}));
    else if (code < 0x20) this.#events.push(press(String.fromCharCode(code + 0x40).toLowerCase(), {ctrl: true, alt}));
    else if (code === 0x9b) {
      this.#begin('csi');
      this.#ignored = 'c1';
    } else if ((code >= 0x80 && code < 0xa0) || code === 0xfffd) return;
    else if (alt)
      this.#events.push(press(character.toLowerCase(), {alt, shift: character !== character.toLowerCase()}));
    else this.#text(character);
  }

  #begin(state: State): void {
    this.#state = state;
    this.#sequence = '';
    this.#ignored = undefined;
    this.#meta = false;
  }

  #escape(character: string): void {
    if (character === '[') this.#state = 'csi';
    else if (character === 'O') this.#state = 'ss3';
    else if (character === '\x1b' && !this.#meta) this.#meta = true;
    else {
      if (this.#meta) this.#events.push(press('escape'));
      if (character === '\x1b') return;
      this.#meta = false;
      if (character === ']' || character === 'P') {
        this.#state = 'string';
        this.#opener = character;
      } else {
        this.#state = 'ground';
        this.#ground(character, true);
      }
    }
  }

  /** A cursor key whose ESC a slow line has parted from the rest: the ESC was a key already, the rest is not text. */
  #lateSequence(text: string): void {
    if (this.#state !== 'ground' || !/^(?:\[$|\[[\d;:<?]*[@-~]|O[A-FHMP-Sa-dj-y]?$)/.test(text)) return;
    // What stands here as the opener is passed over by `#step`.
    this.#begin('escape');
    this.#ignored = 'late';
  }

  #csi(character: string): void {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x20 || code > 0x7e || this.#sequence.length >= SEQUENCE_LIMIT) {
      this.#state = 'ground';
      this.#ignored = undefined;
      if (code < 0x20 || code > 0x7f) this.#ground(character, false);
      return;
    }
    if (this.#sequence === '' && character === '[') {
      this.#state = 'csi-linux';
      return;
    }
    if (code < 0x40 && !(character === '$' && endsWithDollar(this.#sequence))) {
      this.#sequence += character;
      return;
    }
    if (character === '~' && this.#sequence === '200' && this.#ignored === undefined) {
      if (this.#meta) this.#events.push(press('escape'));
      this.#meta = false;
      this.#state = 'paste';
      return;
    }
    this.#finish(() => csiReply(this.#sequence, character, this.#awaited) ?? csiKey(this.#sequence, character));
  }

  #ss3(character: string): void {
    if (character < ' ') {
      this.#state = 'ground';
      this.#ignored = undefined;
      this.#ground(character, false);
      return;
    }
    if (this.#ignored === 'late' && ss3Key(character) === undefined) {
      this.#state = 'ground';
      this.#ignored = undefined;
      this.#text(`O${character}`);
      return;
    }
    const shifted = character === 'M' && this.keypadEnterIsShifted;
    this.#finish(() => (shifted ? press('enter', {shift: true}) : ss3Key(character)));
  }

  #endString(): void {
    this.#finish(() => stringReply(this.#opener, this.#sequence));
  }

  #finish(meaning: () => DecodedEvent | undefined): void {
    this.#state = 'ground';
    const ignored = this.#ignored !== undefined;
    this.#ignored = undefined;
    if (ignored) return;
    const event = meaning();
    if (this.#meta && event?.type === 'key') this.#events.push({...event, alt: true});
    else {
      // What the terminal says came behind an Escape of the person.
      if (this.#meta) this.#events.push(press('escape'));
      if (event !== undefined && isKeyEvent(event)) this.#emit(event);
      else if (event !== undefined) this.#events.push(event);
    }
    this.#meta = false;
  }

  /** Takes the paste from `index` on; returns where it ended. */
  #pasteFrom(text: string, index: number): number {
    const next = this.#paste.take(text, index);
    if (next === undefined) return text.length;
    this.#events.push(this.#paste.end());
    this.#state = 'ground';
    return next;
  }
}
