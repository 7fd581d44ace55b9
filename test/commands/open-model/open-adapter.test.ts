import {existsSync, mkdirSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {expect, test} from 'vitest';
import {adapterBeside, loraAdapter} from '../../../src/commands/open-model/open-adapter.ts';
import {planConversion, writePlan} from '../../../src/engine/convert/convert-weights.ts';
import {openSourceFolder} from '../../../src/engine/convert/source/source-folder.ts';
import {readGguf} from '../../../src/engine/gguf/read-header.ts';
import {fakeIo} from '../../fakes/io.ts';
import {folderWith} from '../../fixtures/folder.ts';
import {denseFolder} from '../../fixtures/tiny-families.ts';
import {json, safetensors, tensor} from '../../fixtures/tiny-folder.ts';

const factors = (rank: number) =>
  safetensors([
    tensor('layers.0.attention.wq.lora_A.weight', [rank, 64]),
    tensor('layers.0.attention.wq.lora_B.weight', [64, rank]),
  ]);

/** A base to adapt and a cache of its own. */
async function setUp() {
  const folder = folderWith(denseFolder());
  const out = join(folder, 'base.gguf');
  const plan = planConversion(openSourceFolder(folder), 'BF16');
  await writePlan(plan, out, {workers: 0, signal: new AbortController().signal});
  const cache = folderWith();
  const io = fakeIo('', {XDG_CACHE_HOME: cache});
  const base = readGguf(out);
  return {cache, adapter: (path: string) => loraAdapter(io, path, base)};
}

test('a file that is neither of the trained forms is taken as it is', async () => {
  const {adapter} = await setUp();
  const names = ['a.gguf', 'a.safetensors.gguf', 'a.json.gguf', 'safetensors', 'noname'];
  const folder = folderWith(Object.fromEntries(names.map((name) => [name, 'x'])));
  for (const name of names) {
    expect(await adapter(join(folder, name))).toBe(join(folder, name));
  }
});

test('one that was trained is converted into the cache, once', async () => {
  const {cache, adapter} = await setUp();
  const folder = folderWith({'lora.safetensors': factors(4)});
  const path = await adapter(join(folder, 'lora.safetensors'));
  expect(dirname(path)).toBe(join(cache, 'mistral-chat', 'adapters'));
  expect(readGguf(path).metadata.string('general.type')).toBe('adapter');
  writeFileSync(path, 'kept');
  expect(await adapter(folder)).toBe(path);
});

test('what changes an adapter changes the name it is kept under', async () => {
  const {adapter} = await setUp();
  const named = (files: Record<string, Uint8Array>) => adapter(folderWith(files));
  const config = (alpha: number) => json({r: 4, lora_alpha: alpha, peft_type: 'LORA', target_modules: ['q_proj']});
  const peft = safetensors([
    tensor('base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight', [4, 64]),
    tensor('base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight', [64, 4]),
  ]);
  const paths = [
    await named({'lora.safetensors': factors(4)}),
    await named({'lora.safetensors': factors(8)}),
    await named({'adapter_model.safetensors': peft, 'adapter_config.json': config(8)}),
    await named({'adapter_model.safetensors': peft, 'adapter_config.json': config(16)}),
  ];
  expect(new Set(paths).size).toBe(4);
  expect(paths.every((path) => existsSync(path))).toBe(true);
});

test.each([
  ['a path where nothing is', () => '/nowhere/lora', 'there is no LoRA adapter /nowhere/lora', '--lora-path'],
  ['a folder without one', () => folderWith(), 'there is no lora.safetensors or adapter_model.safetensors in', 'file'],
  [
    'a config without its factors',
    () => join(folderWith({'adapter_config.json': '{}'}), 'adapter_config.json'),
    'there is no lora.safetensors or adapter_model.safetensors in',
    'file',
  ],
])('%s is said to be none', async (_what, path, message, hint) => {
  const {adapter} = await setUp();
  await expect(adapter(path())).rejects.toMatchObject({
    code: 'model_not_found',
    message: expect.stringContaining(message),
    hint: expect.stringContaining(hint),
  });
});

test('an adapter beside a model is told, in any of its forms', () => {
  const beside = (name: string) => adapterBeside(folderWith({[name]: 'x', 'model.gguf': 'x'}));
  for (const name of [
    'lora.safetensors',
    'adapter_model.safetensors',
    'my-lora.gguf',
    'adapter_v2.gguf',
    'LoRA.gguf',
  ]) {
    expect(beside(name)).toMatch(new RegExp(`not applied: --lora-path .*/${name}$`));
  }
  for (const name of ['explorator.gguf', 'lora.gguf.txt', 'floral.gguf', 'loras.gguf']) {
    expect(beside(name)).toBeUndefined();
  }
  const empty = folderWith();
  mkdirSync(join(empty, 'lora'));
  expect(adapterBeside(empty)).toBeUndefined();
});
