// Pieces that SentencePiece cuts out of a text before it merges anything ("[REFERENCE_DOC_1]").
import type {Pieces} from '../pieces.ts';

interface UserPiece {
  readonly id: number;
  readonly bytes: Uint8Array;
}

export class UserPieces {
  /** Longest first, by first byte. */
  readonly #byFirst = new Map<number, UserPiece[]>();

  constructor(pieces: Pieces, include: (id: number) => boolean) {
    for (let id = 0; id < pieces.count; id++) {
      if (!include(id)) continue;
      const start = pieces.starts[id] as number;
      const bytes = pieces.bytes.subarray(start, start + (pieces.lengths[id] as number));
      const first = bytes[0];
      if (first === undefined) continue;
      this.#byFirst.set(first, [...(this.#byFirst.get(first) ?? []), {id, bytes}]);
    }
    for (const list of this.#byFirst.values()) list.sort((a, b) => b.bytes.length - a.bytes.length);
  }

  /** Hands over the text from left to right: stretches without an id, and user-defined pieces with theirs. */
  split(text: Uint8Array, part: (start: number, end: number, id: number | undefined) => void): void {
    let from = 0;
    let at = 0;
    while (this.#byFirst.size > 0 && at < text.length) {
      const piece = this.#match(text, at);
      if (!piece) {
        at++;
        continue;
      }
      if (at > from) part(from, at, undefined);
      part(at, at + piece.bytes.length, piece.id);
      at += piece.bytes.length;
      from = at;
    }
    if (from < text.length) part(from, text.length, undefined);
  }

  #match(text: Uint8Array, at: number): UserPiece | undefined {
    const candidates = this.#byFirst.get(text[at] as number);
    return candidates?.find(({bytes}) => bytes.every((byte, i) => text[at + i] === byte));
  }
}
