// Tekken's ranked tokens in the form of a GGUF's byte-level BPE: printable bytes and a list of merges.

/** GPT-2's alphabet: printable Latin-1 bytes stand for themselves, the others for U+0100 and up in order. */
const ALPHABET = makeAlphabet();

function makeAlphabet(): readonly string[] {
  let next = 0x100;
  return Array.from({length: 256}, (_, byte) => {
    const printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte !== 0xad);
    return String.fromCharCode(printable ? byte : next++);
  });
}

/** A token's bytes in GPT-2's alphabet. */
export function toPrintable(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += ALPHABET[byte];
  return text;
}

/**
 * Merges of tokens given in rank order. A token above the single bytes gets one merge for each way to cut it into two
 * known tokens, sorted by their ranks: byte-level BPE then finds every token the ranks would.
 */
export function tekkenMerges(ranked: readonly Uint8Array[]): string[] {
  const keys = ranked.map((bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1'));
  const ranks = new Map(keys.map((key, rank) => [key, rank]));
  const printable = ranked.map(toPrintable);
  const merges: string[] = [];
  for (const key of keys) {
    if (key.length < 2) continue;
    const cuts: [number, number][] = [];
    for (let cut = 1; cut < key.length; cut++) {
      const left = ranks.get(key.slice(0, cut));
      const right = left === undefined ? undefined : ranks.get(key.slice(cut));
      if (left !== undefined && right !== undefined) cuts.push([left, right]);
    }
    cuts.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    for (const [left, right] of cuts) merges.push(`${printable[left]} ${printable[right]}`);
  }
  return merges;
}
