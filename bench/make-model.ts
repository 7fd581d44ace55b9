// Writes bench/build/1b-q4_0.gguf: random weights in the shape of a 1B model, 624 MB.
import {existsSync, mkdirSync, writeFileSync} from 'node:fs';
import {dirname} from 'node:path';
import {randomModel, toyVocabulary} from '../test/fixtures/random-model.ts';

export const ONE_B = 'bench/build/1b-q4_0.gguf';

/** The path of the file, written if it is not there. */
export function oneBillionModel(): string {
  if (existsSync(ONE_B)) return ONE_B;
  mkdirSync(dirname(ONE_B), {recursive: true});
  const shape = {dim: 2048, layers: 16, heads: 32, kvHeads: 8, headDim: 64, ffn: 8192, contextLength: 8192} as const;
  writeFileSync(ONE_B, randomModel({...shape, vocabulary: toyVocabulary(32768), weights: 'q4_0'}));
  return ONE_B;
}
