// A bracketed paste while it comes: what is kept of it, and where it ends.
import type {KeyEvent} from './event.ts';

/** Characters of one paste that are kept; a paste beyond it is cut and says so. */
const PASTE_LIMIT = 8 * 1024 * 1024;
const PASTE_END = '\x1b[201~';

export class PasteBuffer {
  #parts: string[] = [];
  #length = 0;
  /** The start of what may be the end mark. */
  #carry = '';

  /** Takes `text` from `index` on. Returns the index behind the end mark; undefined when it has not come. */
  take(text: string, index: number): number | undefined {
    const all = this.#carry + text.slice(index);
    const end = all.indexOf(PASTE_END);
    if (end < 0) {
      const kept = Math.max(0, all.length - PASTE_END.length + 1);
      this.#keep(all.slice(0, kept));
      this.#carry = all.slice(kept);
      return undefined;
    }
    this.#keep(all.slice(0, end));
    const next = index + end + PASTE_END.length - this.#carry.length;
    this.#carry = '';
    return next;
  }

  /** The paste as an event, with what may have been the start of an end mark; the next one begins empty. */
  end(): KeyEvent {
    this.#keep(this.#carry);
    const text = this.#parts.join('').replaceAll(/\r\n?/g, '\n');
    const event: KeyEvent = {type: 'paste', text, cut: this.#length > PASTE_LIMIT};
    this.#parts = [];
    this.#length = 0;
    this.#carry = '';
    return event;
  }

  #keep(text: string): void {
    const room = Math.max(0, PASTE_LIMIT - this.#length);
    if (room > 0) this.#parts.push(text.slice(0, room));
    this.#length += text.length;
  }
}
