// A key for the content of a model folder: equal for equal files, without reading gigabytes.
import {createHash} from 'node:crypto';
import {closeSync, fstatSync, openSync, readdirSync} from 'node:fs';
import {join} from 'node:path';
import {readAt} from '../../../base/files/read-at.ts';

/** Goes up when conversion changes what it writes, so that old results are not taken for new ones. */
const CONVERTER_VERSION = 4;
/** Files up to this size are read whole. */
const SMALL = 1 << 20;
/** The same for what is no weights: a single token may have changed in a tokenizer. */
const SMALL_TEXT = 1 << 26;
const SAMPLE = 4096;
const SAMPLES = 256;

const WEIGHTS = /\.(safetensors|pth?)$/;
const RELEVANT =
  /^(params\.json|config\.json|generation_config\.json|SYSTEM_PROMPT\.txt|tekken\.json|tokenizer\.model(\.v\d+(m\d+)?)?|tokenizer(_config)?\.json|chat_template\.(jinja|json)|.*\.(safetensors|pth?))$/;

/**
 * 16 hex digits over names, sizes and contents of the files a conversion reads. Of a large file the first and last
 * bytes and samples at even distances go in: training moves every weight, so another version cannot slip through.
 * `only` looks at a single file of the folder.
 */
export function fingerprint(folder: string, only?: string): string {
  const hash = createHash('sha256').update(`converter ${CONVERTER_VERSION}\n`);
  for (const name of readdirSync(folder).sort()) {
    if (only === undefined ? !RELEVANT.test(name) : name !== only) continue;
    const fd = openSync(join(folder, name), 'r');
    try {
      const {size} = fstatSync(fd);
      hash.update(`${name} ${size}\n`);
      const small = only === undefined && !WEIGHTS.test(name) ? SMALL_TEXT : SMALL;
      for (const [start, length] of stretches(size, small)) hash.update(readAt(fd, start, length));
    } finally {
      closeSync(fd);
    }
  }
  return hash.digest('hex').slice(0, 16);
}

function stretches(size: number, small: number): (readonly [start: number, length: number])[] {
  if (size <= small) return [[0, size]];
  const step = (size - SAMPLE) / (SAMPLES - 1);
  return [[0, 65_536], ...Array.from({length: SAMPLES}, (_, i) => [Math.floor(i * step), SAMPLE] as const)];
}
