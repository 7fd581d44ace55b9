import {createHash} from 'node:crypto';
import {closeSync, existsSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {tryLock} from '../../../src/base/files/lock.ts';
import {convertFolder} from '../../../src/engine/convert/convert-folder.ts';
import {compareFile, planConversion, planVocabulary, writePlan} from '../../../src/engine/convert/convert-weights.ts';
import {openSourceFolder} from '../../../src/engine/convert/source/source-folder.ts';
import {preflight} from '../../../src/engine/gguf/preflight.ts';
import {readGguf} from '../../../src/engine/gguf/read-header.ts';
import type {OutputType} from '../../../src/engine/gguf/write-header.ts';
import {folderWith} from '../../fixtures/folder.ts';
import {
  denseFolder,
  fp8Folder,
  hfFolder,
  mambaFolder,
  ministral3Folder,
  mixtralFolder,
  nemoFolder,
} from '../../fixtures/tiny-families.ts';

const quiet = {workers: 0, signal: new AbortController().signal};

/** Hash over name, type, shape and bytes of every tensor, in order of names. */
function tensorHash(path: string): string {
  const bytes = readFileSync(path);
  const hash = createHash('sha256');
  for (const tensor of readGguf(path).tensors.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    hash.update(`${tensor.name} ${tensor.type} ${tensor.shape.join('x')}\n`);
    hash.update(bytes.subarray(tensor.offset, tensor.offset + (tensor.bytes ?? 0)));
  }
  return hash.digest('hex').slice(0, 16);
}

// Each was compared tensor by tensor with the files of llama.cpp's convert_hf_to_gguf.py (v0.5.0) of the same folder;
// Mixtral, which that script cannot read, with experts stacked by torch and quantised by gguf-py.
test.each<[string, () => Record<string, Uint8Array>, Record<OutputType, string>]>([
  [
    'dense',
    denseFolder,
    {F32: 'b0a0b758ba49b507', F16: '66dda802e12f61a0', BF16: 'be7a8d7022c6b645', Q8_0: 'f1dd9c56cf86a2ec'},
  ],
  [
    'nemo',
    nemoFolder,
    {F32: '0a92b1b4bb77dd4a', F16: '90a84cfca1cf52a9', BF16: '5e661ef21d019115', Q8_0: '08a0f0f707139d3f'},
  ],
  [
    'mixtral',
    mixtralFolder,
    {F32: 'ee6e002f77713225', F16: '3997931b04bfe89e', BF16: '4bf731d53ba10485', Q8_0: '7a1e3cf5dbb716a2'},
  ],
  [
    'ministral3',
    ministral3Folder,
    {F32: '4921d4aaed5bab50', F16: '56392da997117226', BF16: 'fa7036d8e0bee425', Q8_0: '4210acaf1c81e08d'},
  ],
  [
    'mamba',
    mambaFolder,
    {F32: '01be40deb7497348', F16: 'a6095d266723556a', BF16: 'c0b09bd88499e5df', Q8_0: '9e204f867702b332'},
  ],
  [
    'hf',
    hfFolder,
    {F32: 'b0a0b758ba49b507', F16: '66dda802e12f61a0', BF16: 'be7a8d7022c6b645', Q8_0: 'f1dd9c56cf86a2ec'},
  ],
  [
    'fp8',
    fp8Folder,
    {F32: '0dbf7c53ce085ad0', F16: 'c8ba98ca63da3c96', BF16: '620c71963e65eba3', Q8_0: '22a641e695928038'},
  ],
])('the tensors of a %s folder equal those of the official converter', async (_, files, hashes) => {
  const folder = folderWith(files());
  const out = join(folder, 'out.gguf');
  const made: Record<string, string> = {};
  for (const type of Object.keys(hashes) as OutputType[]) {
    await writePlan(planConversion(openSourceFolder(folder), type), out, quiet);
    expect(preflight(out).expectedSize).toBeLessThanOrEqual(preflight(out).fileSize);
    made[type] = tensorHash(out);
  }
  expect(made).toEqual(hashes);
});

test('the metadata of a dense folder hold what the loader and other tools need', async () => {
  const folder = folderWith(denseFolder());
  const out = join(folder, 'out.gguf');
  await writePlan(planConversion(openSourceFolder(folder), 'Q8_0'), out, quiet);
  const {metadata} = readGguf(out);
  const numbers = Object.fromEntries(
    metadata.keys.flatMap((key) => (metadata.number(key) === undefined ? [] : [[key, metadata.number(key)]])),
  );
  expect(numbers).toEqual({
    'general.file_type': 7,
    'general.quantization_version': 2,
    'llama.block_count': 2,
    'llama.context_length': 256,
    'llama.embedding_length': 64,
    'llama.feed_forward_length': 96,
    'llama.attention.head_count': 4,
    'llama.attention.head_count_kv': 2,
    'llama.attention.layer_norm_rms_epsilon': Math.fround(1e-5),
    'llama.attention.key_length': 16,
    'llama.attention.value_length': 16,
    'llama.rope.dimension_count': 16,
    'llama.rope.freq_base': 1e6,
    'llama.vocab_size': 320,
    'tokenizer.ggml.bos_token_id': 1,
    'tokenizer.ggml.eos_token_id': 2,
    'tokenizer.ggml.unknown_token_id': 0,
    'tokenizer.ggml.padding_token_id': 2,
    'tokenizer.ggml.fim_pre_token_id': 11,
    'tokenizer.ggml.fim_suf_token_id': 13,
    'tokenizer.ggml.fim_mid_token_id': 12,
  });
  expect(metadata.string('general.architecture')).toBe('llama');
  expect(metadata.string('general.size_label')).toBe('103K');
  expect(metadata.string('mistral.tokenizer.version')).toBe('v3');
  expect(metadata.strings('tokenizer.ggml.tokens')?.count).toBe(320);
});

test('yarn, attention temperature and experts have their keys', async () => {
  const keys = async (files: Record<string, Uint8Array>) => {
    const folder = folderWith(files);
    await writePlan(planConversion(openSourceFolder(folder), 'BF16'), join(folder, 'o.gguf'), quiet);
    return readGguf(join(folder, 'o.gguf')).metadata;
  };
  const ministral = await keys(ministral3Folder());
  expect(ministral.string('mistral3.rope.scaling.type')).toBe('yarn');
  expect(ministral.number('mistral3.rope.scaling.factor')).toBe(4);
  expect(ministral.number('mistral3.rope.scaling.yarn_beta_fast')).toBe(32);
  expect(ministral.number('mistral3.rope.scaling.yarn_beta_slow')).toBe(1);
  expect(ministral.number('mistral3.rope.scaling.yarn_log_multiplier')).toBe(1);
  expect(ministral.number('mistral3.rope.scaling.original_context_length')).toBe(128);
  expect(ministral.number('mistral3.attention.temperature_scale')).toBe(Math.fround(0.1));
  expect(ministral.string('mistral.tokenizer.version')).toBe('v13');
  const mixtral = await keys(mixtralFolder());
  expect([mixtral.number('llama.expert_count'), mixtral.number('llama.expert_used_count')]).toEqual([4, 2]);
  const mamba = await keys(mambaFolder());
  expect([mamba.number('mamba2.ssm.group_count'), mamba.number('mamba2.context_length')]).toEqual([2, 1048576]);
});

test('a vocabulary file has no tensors', async () => {
  const folder = folderWith(nemoFolder());
  const out = join(folder, 'vocab.gguf');
  await writePlan(planVocabulary(openSourceFolder(folder)), out, quiet);
  expect(readGguf(out).tensors).toEqual([]);
  expect(readGguf(out).metadata.string('tokenizer.ggml.pre')).toBe('tekken');
});

test('a comparison finds a changed byte and where', async () => {
  const folder = folderWith(denseFolder());
  const plan = planConversion(openSourceFolder(folder), 'Q8_0');
  const out = join(folder, 'out.gguf');
  await writePlan(plan, out, quiet);
  const bytes = readFileSync(out);
  const at = plan.layout.offsets[4] as number;
  const differences = async () => {
    const fd = openSync(out, 'r');
    const found: number[] = [];
    await compareFile(plan, fd, quiet, (offset) => found.push(offset));
    closeSync(fd);
    return found;
  };
  expect(await differences()).toEqual([]);
  bytes[at + 7] = (bytes[at + 7] as number) ^ 1;
  writeFileSync(out, bytes);
  expect(await differences()).toEqual([at]);
});

test('a stopped conversion leaves nothing', async () => {
  const folder = folderWith(denseFolder());
  const controller = new AbortController();
  const plan = planConversion(openSourceFolder(folder), 'Q8_0');
  const progress = (done: number, total: number) => {
    if (done > total / 2) controller.abort(new Error('stopped'));
  };
  const out = join(folder, 'out.gguf');
  await expect(writePlan(plan, out, {workers: 0, signal: controller.signal, progress})).rejects.toThrow('stopped');
  expect(readdirSync(folder).filter((name) => name.startsWith('out'))).toEqual([]);
});

test('a file another process writes is left alone', async () => {
  const folder = folderWith(denseFolder());
  const out = join(folder, 'out.gguf');
  const lock = tryLock(`${out}.lock`);
  const plan = planConversion(openSourceFolder(folder), 'Q8_0');
  await expect(writePlan(plan, out, quiet)).rejects.toMatchObject({
    exitCode: 3,
    code: 'model_busy',
    message: `${out} is being written by another process`,
  });
  lock?.release();
  await writePlan(plan, out, quiet);
  expect(existsSync(out)).toBe(true);
});

test('so is the exact file another process quantises', async () => {
  const folder = folderWith({...denseFolder(), 'out.gguf.exact': 'written by the other one'});
  const out = join(folder, 'out.gguf');
  const lock = tryLock(`${out}.lock`);
  const converted = convertFolder(openSourceFolder(folder), 'Q4_K_M', out, quiet);
  await expect(converted).rejects.toMatchObject({
    code: 'model_busy',
    message: `${out} is being written by another process`,
  });
  lock?.release();
  expect(readFileSync(`${out}.exact`, 'utf8')).toBe('written by the other one');
});

test('weights that vanish while they are read leave nothing behind', async () => {
  const folder = folderWith(denseFolder());
  const plan = planConversion(openSourceFolder(folder), 'Q8_0');
  rmSync(join(folder, 'consolidated.safetensors'));
  await expect(writePlan(plan, join(folder, 'out.gguf'), quiet)).rejects.toThrow('ENOENT');
  expect(readdirSync(folder).filter((name) => name.startsWith('out'))).toEqual([]);
});
