// Pieces that SentencePiece cuts out of a text before it merges anything ("[REFERENCE_DOC_1]").
import type {Pieces} from '../pieces.ts';

interface UserPiece {
  readonly id: number;
  readonly bytes: Uint8Array;
}

/** A stretch of a text; `id` where it is a user-defined piece. */
interface TextPart {
  readonly start: number;
  readonly end: number;
  readonly id: number | undefined;
}

/** Bytes between two pauses. */
const STEP = 4096;

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

  /**
   * The text from left to right: stretches without an id, and user-defined pieces with theirs. Undefined now and then, where
   * the reader may pause.
   */
  *split(text: Uint8Array): Generator<TextPart | undefined> {
    let from = 0;
    let at = 0;
    while (this.#byFirst.size > 0 && at < text.length) {
      if (at % STEP === 0) yield undefined;
      const piece = this.#match(text, at);
      if (!piece) {
        at++;
        continue;
      }
      if (at > from) yield {start: from, end: at, id: undefined};
      yield {start: at, end: at + piece.bytes.length, id: piece.id};
      at += piece.bytes.length;
      from = at;
    }
    if (from < text.length) yield {start: from, end: text.length, id: undefined};
  }

  #match(text: Uint8Array, at: number): UserPiece | undefined {
    const candidates = this.#byFirst.get(text[at] as number);
    return candidates?.find(({bytes}) => bytes.every((byte, i) => text[at + i] === byte));
  }
}
