// A vocabulary's pieces as one block of bytes, and the index that finds the piece a stretch of text is.

/** Piece `id` is `bytes[starts[id] .. starts[id] + lengths[id]]`. */
export interface Pieces {
  readonly count: number;
  readonly bytes: Uint8Array;
  readonly starts: Uint32Array;
  readonly lengths: Uint32Array;
}

const HASH_BASE = 0x01000193;
const NOTHING = -1;

/** Hash of `bytes[start..end)`: polynomial, so that hashes of prefixes give the hash of any stretch between them. */
export function extendHash(hash: number, byte: number): number {
  return (Math.imul(hash, HASH_BASE) + byte + 1) | 0;
}

/** Finds pieces by their bytes without making a string or an object per piece: 131,000 of them are indexed in ms. */
export class PieceIndex {
  /** Bytes of the longest piece; no longer stretch can be found. */
  readonly longest: number;
  readonly #pieces: Pieces;
  readonly #hashes: Int32Array;
  readonly #table: Int32Array;
  readonly #mask: number;
  readonly #powers: Int32Array;

  /** `include` says which ids take part; of equal pieces the first wins. */
  constructor(pieces: Pieces, include: (id: number) => boolean) {
    const {count, bytes, starts, lengths} = pieces;
    const size = 2 ** Math.ceil(Math.log2(count * 2 + 2));
    const hashes = new Int32Array(count);
    const table = new Int32Array(size).fill(NOTHING);
    this.#pieces = pieces;
    this.#hashes = hashes;
    this.#table = table;
    this.#mask = size - 1;
    let longest = 0;
    for (let id = 0; id < count; id++) {
      const length = lengths[id] as number;
      if (length === 0 || !include(id)) continue;
      if (length > longest) longest = length;
      const start = starts[id] as number;
      let hash = 0;
      for (let i = start; i < start + length; i++) hash = extendHash(hash, bytes[i] as number);
      let slot = scramble(hash) & this.#mask;
      let other = table[slot] as number;
      while (other !== NOTHING && !(hashes[other] === hash && this.#equals(other, bytes, start, length))) {
        slot = (slot + 1) & this.#mask;
        other = table[slot] as number;
      }
      if (other !== NOTHING) continue;
      hashes[id] = hash;
      table[slot] = id;
    }
    this.longest = longest;
    this.#powers = new Int32Array(longest + 1);
    this.#powers[0] = 1;
    for (let i = 1; i <= longest; i++) this.#powers[i] = Math.imul(this.#powers[i - 1] as number, HASH_BASE);
  }

  /** Id of the piece that equals `text[start..end)`, or -1. `hashes[i - base]` is the hash of `text[base..i)`. */
  find(text: Uint8Array, start: number, end: number, hashes: Int32Array, base: number): number {
    const length = end - start;
    if (length > this.longest) return NOTHING;
    const power = this.#powers[length] as number;
    const hash = ((hashes[end - base] as number) - Math.imul(hashes[start - base] as number, power)) | 0;
    let slot = scramble(hash) & this.#mask;
    for (;;) {
      const id = this.#table[slot] as number;
      if (id === NOTHING || (this.#hashes[id] === hash && this.#equals(id, text, start, length))) return id;
      slot = (slot + 1) & this.#mask;
    }
  }

  #equals(id: number, text: Uint8Array, start: number, length: number): boolean {
    if (this.#pieces.lengths[id] !== length) return false;
    const {bytes} = this.#pieces;
    const offset = this.#pieces.starts[id] as number;
    for (let i = 0; i < length; i++) if (bytes[offset + i] !== text[start + i]) return false;
    return true;
  }
}

/** Spreads a polynomial hash, whose low bits alone are weak, over the table. */
function scramble(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return mixed ^ (mixed >>> 13);
}
