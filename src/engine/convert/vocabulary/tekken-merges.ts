// Tekken's ranked tokens in the form of a GGUF's byte-level BPE: printable bytes and a list of merges.
import {BYTE_LETTERS} from '../../gguf/check/byte-letters.ts';
import {extendHash, PieceIndex, type Pieces} from '../../tokenizer/pieces.ts';

/** A token's bytes in GPT-2's alphabet. */
export function toPrintable(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += BYTE_LETTERS[byte];
  return text;
}

const BYTE_OF: ReadonlyMap<string, number> = new Map(BYTE_LETTERS.map((letter, byte) => [letter, byte]));

/** The bytes that letters of GPT-2's alphabet stand for; undefined for a text with others in it. */
export function fromPrintable(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const byte = BYTE_OF.get(text[i] as string);
    if (byte === undefined) return undefined;
    bytes[i] = byte;
  }
  return bytes;
}

/**
 * Merges of tokens given in rank order. A token above the single bytes gets one merge for each way to cut it into two
 * known tokens, sorted by their ranks: byte-level BPE then finds every token the ranks would.
 */
export function tekkenMerges(ranked: readonly Uint8Array[]): string[] {
  const index = new PieceIndex(packed(ranked), () => true);
  const hashes = new Int32Array(index.longest + 1);
  const texts = ranked.map(toPrintable);
  const merges: string[] = [];
  for (const bytes of ranked) {
    for (let i = 0; i < bytes.length; i++) hashes[i + 1] = extendHash(hashes[i] as number, bytes[i] as number);
    const cuts: [number, number][] = [];
    for (let cut = 1; cut < bytes.length; cut++) {
      const left = index.find(bytes, 0, cut, hashes, 0);
      const right = left < 0 ? left : index.find(bytes, cut, bytes.length, hashes, 0);
      if (right >= 0) cuts.push([left, right]);
    }
    cuts.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    for (const [left, right] of cuts) merges.push(`${texts[left]} ${texts[right]}`);
  }
  return merges;
}

function packed(ranked: readonly Uint8Array[]): Pieces {
  const count = ranked.length;
  const pieces = {count, bytes: Buffer.concat(ranked), starts: new Uint32Array(count), lengths: new Uint32Array(count)};
  let start = 0;
  for (const [rank, {length}] of ranked.entries()) {
    pieces.starts[rank] = start;
    pieces.lengths[rank] = length;
    start += length;
  }
  return pieces;
}
