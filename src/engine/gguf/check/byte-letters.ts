// GPT-2's alphabet, in which byte-level vocabularies write the bytes of their pieces.

/** By byte: printable bytes of Latin-1 are themselves, the others the characters from U+0100 on, in order. */
export const BYTE_LETTERS: readonly string[] = (() => {
  let next = 0x100;
  return Array.from({length: 256}, (_, byte) => {
    const isPrintable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte !== 0xad);
    return String.fromCharCode(isPrintable ? byte : next++);
  });
})();
