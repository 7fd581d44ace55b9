import {join} from 'node:path';
import {expect, test} from 'vitest';
import {EngineError} from '../../../../src/base/errors.ts';
import {type GgufFile, readGguf} from '../../../../src/engine/gguf/read-header.ts';
import {fitModel} from '../../../../src/engine/models/memory/fit-model.ts';
import type {PlanWish} from '../../../../src/engine/models/memory/memory-plan.ts';
import {folderWith} from '../../../fixtures/folder.ts';
import {tinyModel} from '../../../fixtures/tiny-model.ts';

const GB = 1e9;

/** The header of a 7B model whose file says it has these bytes, among files of other sizes. */
function sevenB(bytes: number, siblings: Readonly<Record<string, number>> = {}, name = 'm-Q8_0.gguf'): GgufFile {
  const header = tinyModel({
    'llama.context_length': {u32: 32_768},
    'llama.block_count': {u32: 32},
    'llama.embedding_length': {u32: 4096},
    'llama.feed_forward_length': {u32: 14_336},
    'llama.attention.head_count': {u32: 32},
    'llama.attention.head_count_kv': {u32: 8},
  });
  const folder = folderWith({[name]: header, ...Object.fromEntries(Object.keys(siblings).map((key) => [key, 'x']))});
  return {...readGguf(join(folder, name)), fileSize: bytes};
}

const machine = (ram: number, free = ram, vram = 0) => ({
  ramBytes: ram * GB,
  freeRamBytes: free * GB,
  vramBytes: vram * GB,
  cores: 4,
});
const fitted = (file: GgufFile, wish: Partial<PlanWish>, ...memory: Parameters<typeof machine>) =>
  fitModel(file, {slots: 1, ...wish}, machine(...memory));

function refusal(...args: Parameters<typeof fitted>): {code: string; message: string; hint: string | undefined} {
  try {
    fitted(...args);
  } catch (error) {
    if (error instanceof EngineError) return {code: error.code, message: error.message, hint: error.hint};
    throw error;
  }
  throw new Error('it fits');
}

test('what was decided is told in one line, with the flags that decide otherwise', () => {
  expect(fitted(sevenB(7.7 * GB), {}, 16).line).toBe(
    'context 8192 of 32768 tokens, F16 cache: 8.92 GB of 16.0 GB; change it with --ctx, --kv-type',
  );
  expect(fitted(sevenB(7.7 * GB), {}, 16, 16, 6).line).toBe(
    "context 8192 of 32768 tokens, F16 cache, 20 of 32 layers on the GPU: 5.63 GB of the GPU's 6.00 GB, 3.44 GB of 16.0 GB; change it with --ctx, --kv-type, --gpu-layers",
  );
});

test('nothing is told where nothing was decided', () => {
  expect(fitted(sevenB(1e6), {contextSize: 4096, kvType: 'Q8_0'}, 16).line).toBeUndefined();
  const small = readGguf(join(folderWith({'s.gguf': tinyModel()}), 's.gguf'));
  expect(fitted(small, {}, 16)).toMatchObject({line: undefined, plan: {contextSize: 64, kvType: 'F16', gpuLayers: 0}});
});

test('memory that others hold only warns: the smallest choice is taken', () => {
  const {plan, line} = fitted(sevenB(7.7 * GB), {}, 16, 4);
  expect(plan).toMatchObject({contextSize: 2048, kvType: 'Q8_0'});
  expect(line).toBe(
    'context 2048 of 32768 tokens, Q8_0 cache: 7.98 GB are needed and 4.00 GB free, so it may be slow; close other programs',
  );
});

test('a context that is too long is refused with those that fit', () => {
  const {code, message, hint} = refusal(sevenB(4.37 * GB), {contextSize: 32_768, kvType: 'F16'}, 8);
  expect(code).toBe('out_of_memory');
  expect(message).toMatch(
    /m-Q8_0\.gguf needs 8\.84 GB \(weights 4\.37 GB, context of 32768 tokens 4\.29 GB\), this machine has 8\.00 GB$/,
  );
  expect(hint).toBe(
    'What would fit: --ctx 16384; --kv-type Q8_0 --ctx 32768. --no-memory-check loads it all the same.',
  );
});

test('weights that are too large are refused with smaller files of the same folder', () => {
  const folder = folderWith({'m-Q8_0.gguf': tinyModel(), 'm-Q4_K_M.gguf': 'small', 'other-Q4_K_M.gguf': 'other'});
  const file = {...sevenB(49 * GB), path: join(folder, 'm-Q8_0.gguf')};
  expect(refusal(file, {}, 16).hint).toMatch(/^What would fit: m-Q4_K_M\.gguf beside it \(5 B\)\. /);
});

test('or with what can be fetched, or with the advice to take another model', () => {
  const nemo = sevenB(24.5 * GB, {}, 'Mistral-Nemo-Instruct-2407-BF16.gguf');
  expect(refusal(nemo, {}, 12).hint).toMatch(/^What would fit: mistral pull mistral-nemo:Q6_K \(about 10\.0 GB\)\. /);
  expect(refusal(sevenB(24.5 * GB), {}, 12).hint).toBe(
    'A smaller model would fit: see mistral pull --help. --no-memory-check loads it all the same.',
  );
});

test('unchecked, the smallest choice is taken, and the line says what that costs', () => {
  const {plan, line} = fitModel(sevenB(49 * GB), {slots: 1}, machine(16), {unchecked: true});
  expect(plan).toMatchObject({contextSize: 2048, kvType: 'Q8_0', gpuLayers: 0});
  expect(line).toBe(
    'context 2048 of 32768 tokens, Q8_0 cache: 49.3 GB are needed and 16.0 GB free, so weights come from the disk again and again',
  );
  const file = sevenB(49 * GB);
  const copied = {...file, tensors: file.tensors.map((tensor, i) => ({...tensor, type: i === 0 ? 'Q4_K' : 'F16'}))};
  expect(fitModel(copied, {slots: 1}, machine(16), {unchecked: true}).line).toBe(
    'context 2048 of 32768 tokens, Q8_0 cache: 49.3 GB are needed and 16.0 GB free, and a copy of the Q4_K weights has to stay in memory: the system may end this program',
  );
  const fits = fitModel(sevenB(4 * GB), {slots: 1, contextSize: 512}, machine(16), {unchecked: true});
  expect(fits).toEqual(fitted(sevenB(4 * GB), {contextSize: 512}, 16));
});
