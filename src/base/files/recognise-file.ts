// Says what a file is that should have been a GGUF, from its first bytes: most wrong files are failed downloads.

export interface ForeignFile {
  /** What it is, with article: "a git-LFS pointer". */
  readonly kind: string;
  /** What to do next, one sentence. */
  readonly hint: string;
}

/** Of a JSON file, which some callers expect. */
export const JSON_FILE = 'a JSON file';

const DOWNLOAD_AGAIN = 'Download the file again.';

/** Bytes of a file's start that `recognise` looks at. */
export const RECOGNISE_BYTES = 512;

type Sign = readonly [test: (head: Buffer, text: string) => boolean, kind: string, hint: string];

const startsWith =
  (...bytes: number[]) =>
  (head: Buffer) =>
    bytes.every((byte, i) => head[i] === byte);

const SIGNS: readonly Sign[] = [
  [(head) => head.length === 0, 'an empty file', DOWNLOAD_AGAIN],
  [
    (_, text) => text.startsWith('version https://git-lfs'),
    'a git-LFS pointer, not the file itself',
    'Run `git lfs pull` in the folder it came from, or download the file again.',
  ],
  [
    (_, text) => /^\s*(<!doctype html|<html|<\?xml)/i.test(text),
    'a web page, probably the error page of a failed download',
    `${DOWNLOAD_AGAIN} A gated model needs its terms accepted and a token.`,
  ],
  [
    (head) => head.length > 9 && head.readUInt32LE(4) === 0 && head[8] === 0x7b,
    'a safetensors file',
    'Give the folder it lies in, with its params.json or config.json, so that it can be converted.',
  ],
  [
    (head, text) => startsWith(0x50, 0x4b, 3, 4)(head) && text.includes('/data.pkl'),
    'a PyTorch checkpoint',
    'Give the folder it lies in, with its params.json, so that it can be converted.',
  ],
  [startsWith(0x50, 0x4b, 3, 4), 'a zip archive', 'Unpack it and give the model inside.'],
  [startsWith(0x1f, 0x8b), 'a gzip archive', 'Unpack it and give the model inside.'],
  [startsWith(0x28, 0xb5, 0x2f, 0xfd), 'a zstd archive', 'Unpack it and give the model inside.'],
  [
    (head) => head.toString('latin1', 257, 262) === 'ustar',
    'a tar archive',
    'Unpack it and give the folder: mkdir FOLDER && tar -xf FILE -C FOLDER',
  ],
  [
    (_, text) => /^(lmgg|fmgg|tjgg)/.test(text),
    'a GGML file from before GGUF',
    'Download a GGUF of the model: this format is no longer read by llama.cpp.',
  ],
  [(_, text) => /^\s*[{[]/.test(text), JSON_FILE, 'Give the .gguf file or the folder it lies in.'],
];

/** Names a file by its first bytes (`RECOGNISE_BYTES` are enough); undefined when it is nothing known. */
export function recognise(head: Buffer): ForeignFile | undefined {
  const text = head.toString('latin1');
  const sign = SIGNS.find(([test]) => test(head, text));
  return sign && {kind: sign[1], hint: sign[2]};
}
