// Bytes of a terminal in, key events out. Ours because Ink 6's input loses keys that arrive in one chunk.
import {csiKey} from './csi.ts';
import {type KeyEvent, press} from './event.ts';

/** Characters of one paste that are kept; a paste beyond it is cut and says so. */
const PASTE_LIMIT = 8 * 1024 * 1024;
const PASTE_END = '\x1b[201~';
/** A control sequence longer than this is garbage. */
const SEQUENCE_LIMIT = 64;

type State = 'ground' | 'escape' | 'csi' | 'csi-linux' | 'ss3' | 'string' | 'string-escape' | 'mouse' | 'paste';

/** Splits a terminal's byte stream into key events; how the bytes are cut into chunks makes no difference. */
export class KeyDecoder {
  #state: State = 'ground';
  #sequence = '';
  #utf8 = new TextDecoder('utf-8');
  #paste: string[] = [];
  #pasteLength = 0;
  #carry = '';
  #skip = 0;
  #events: KeyEvent[] = [];

  /** True while an unfinished sequence waits for more bytes: call `flush` when none come for a while. */
  get pending(): boolean {
    return this.#state !== 'ground';
  }

  /** True inside a bracketed paste, where the wait before `flush` should be long. */
  get pasting(): boolean {
    return this.#state === 'paste';
  }

  push(bytes: Uint8Array): KeyEvent[] {
    const text = this.#utf8.decode(bytes, {stream: true});
    for (let index = 0; index < text.length; ) {
      if (this.#state === 'paste') {
        index = this.#pasteFrom(text, index);
        continue;
      }
      const character = String.fromCodePoint(text.codePointAt(index) ?? 0);
      index += character.length;
      this.#step(character);
    }
    return this.#take();
  }

  /** Ends what is unfinished: a lone ESC becomes the Escape key, half a sequence is dropped, a paste is delivered. */
  flush(): KeyEvent[] {
    if (this.#state === 'escape') this.#events.push(press('escape'));
    if (this.#state === 'ss3') this.#events.push(press('o', {alt: true, shift: true}));
    if (this.#state === 'paste') {
      this.#keepPaste(this.#carry);
      this.#endPaste();
    }
    this.#state = 'ground';
    return this.#take();
  }

  #take(): KeyEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  #text(character: string): void {
    const last = this.#events.at(-1);
    if (last?.type === 'text') this.#events[this.#events.length - 1] = {type: 'text', text: last.text + character};
    else this.#events.push({type: 'text', text: character});
  }

  #step(character: string): void {
    switch (this.#state) {
      case 'ground':
        this.#ground(character, false);
        break;
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
      case 'mouse':
        this.#skip -= 1;
        if (this.#skip === 0) this.#state = 'ground';
        break;
      case 'string':
        if (character === '\x07') this.#state = 'ground';
        else if (character === '\x1b') this.#state = 'string-escape';
        break;
      case 'string-escape':
        this.#state = character === '\\' ? 'ground' : 'string';
        break;
      case 'paste':
        break;
    }
  }

  #ground(character: string, alt: boolean): void {
    const code = character.codePointAt(0) ?? 0;
    if (code === 0x1b) this.#state = 'escape';
    else if (code === 0x0d) this.#events.push(press('enter', {alt}));
    else if (code === 0x09) this.#events.push(press('tab', {alt}));
    else if (code === 0x7f || code === 0x08) this.#events.push(press('backspace', {alt}));
    else if (code === 0x00) this.#events.push(press('space', {ctrl: true, alt}));
    else if (code < 0x20) this.#events.push(press(String.fromCharCode(code + 0x40).toLowerCase(), {ctrl: true, alt}));
    else if ((code >= 0x80 && code < 0xa0) || code === 0xfffd) return;
    else if (alt)
      this.#events.push(press(character.toLowerCase(), {alt, shift: character !== character.toLowerCase()}));
    else this.#text(character);
  }

  #escape(character: string): void {
    this.#sequence = '';
    if (character === '[') this.#state = 'csi';
    else if (character === 'O') this.#state = 'ss3';
    else if (']P_^X'.includes(character)) this.#state = 'string';
    else if (character === '\x1b') this.#events.push(press('escape'));
    else {
      this.#state = 'ground';
      this.#ground(character, true);
    }
  }

  #csi(character: string): void {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x20 || code > 0x7e || this.#sequence.length >= SEQUENCE_LIMIT) {
      this.#state = 'ground';
      if (code < 0x20 || code > 0x7f) this.#ground(character, false);
      return;
    }
    if (this.#sequence === '' && character === '[') {
      this.#state = 'csi-linux';
      return;
    }
    if (code < 0x40) {
      this.#sequence += character;
      return;
    }
    this.#state = 'ground';
    if (character === 'M' && this.#sequence === '') {
      this.#state = 'mouse';
      this.#skip = 3;
    } else if (character === '~' && this.#sequence === '200') {
      this.#state = 'paste';
      this.#carry = '';
    } else {
      const event = csiKey(this.#sequence, character);
      if (event?.type === 'text') this.#text(event.text);
      else if (event !== undefined) this.#events.push(event);
    }
  }

  #ss3(character: string): void {
    this.#state = 'ground';
    if (character === 'M') this.#events.push(press('enter'));
    else if (character >= ' ') {
      const event = csiKey('', character);
      if (event !== undefined) this.#events.push(event);
    } else this.#ground(character, false);
  }

  /** Takes the paste from `index` on; returns where it ended. */
  #pasteFrom(text: string, index: number): number {
    const all = this.#carry + text.slice(index);
    const end = all.indexOf(PASTE_END);
    if (end < 0) {
      const kept = Math.max(0, all.length - PASTE_END.length + 1);
      this.#keepPaste(all.slice(0, kept));
      this.#carry = all.slice(kept);
      return text.length;
    }
    this.#keepPaste(all.slice(0, end));
    const next = index + end + PASTE_END.length - this.#carry.length;
    this.#endPaste();
    return next;
  }

  #keepPaste(text: string): void {
    const room = Math.max(0, PASTE_LIMIT - this.#pasteLength);
    if (room > 0) this.#paste.push(text.slice(0, room));
    this.#pasteLength += text.length;
  }

  #endPaste(): void {
    const text = this.#paste.join('').replaceAll(/\r\n?/g, '\n');
    this.#events.push({type: 'paste', text, cut: this.#pasteLength > PASTE_LIMIT});
    this.#paste = [];
    this.#pasteLength = 0;
    this.#carry = '';
    this.#state = 'ground';
  }
}
