import {expect, test} from 'vitest';
import {EngineError} from '../../../../src/base/errors.ts';
import {planConversion} from '../../../../src/engine/convert/convert-weights.ts';
import {readAdapter} from '../../../../src/engine/convert/source/adapter-file.ts';
import {openSourceFolder} from '../../../../src/engine/convert/source/source-folder.ts';
import {folderWith} from '../../../fixtures/folder.ts';
import {denseFolder, hfFolder, mambaFolder, ministral3Folder, mixtralFolder} from '../../../fixtures/tiny-families.ts';
import {type Files, json, safetensors, tekkenFile, tensor} from '../../../fixtures/tiny-folder.ts';

/** The line, without the folder's name, and how long it took in milliseconds. */
function refusal(files: Files, act = (folder: string): unknown => planConversion(openSourceFolder(folder), 'F32')) {
  const folder = folderWith(files);
  const begun = performance.now();
  try {
    act(folder);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    expect(error.exitCode).toBe(3);
    return {line: error.message.replace(`${folder}/`, ''), ms: performance.now() - begun};
  }
  return {line: '', ms: performance.now() - begun};
}

const changed = (files: Files, name: string, changes: object): Files => {
  const known = JSON.parse(Buffer.from(files[name] as Uint8Array).toString()) as object;
  return {...files, [name]: json({...known, ...changes})};
};
const text = (files: Files, name: string, from: string, to: string): Files => ({
  ...files,
  [name]: Buffer.from(
    Buffer.from(files[name] as Uint8Array)
      .toString()
      .replace(from, to),
  ),
});

test.each<[Files, string]>([
  [
    changed(denseFolder(), 'params.json', {n_layers: 100_000_000}),
    'params.json: "n_layers" is 100000000, which is not a whole number from 0 to 512',
  ],
  [
    text(hfFolder(), 'config.json', '"num_hidden_layers":2', '"num_hidden_layers":9007199254740993'),
    'config.json: "num_hidden_layers" is 9007199254740992, which is not a whole number from 0 to 512',
  ],
  [
    text(hfFolder(), 'config.json', '"max_position_embeddings":256', '"max_position_embeddings":1e308'),
    'config.json: "max_position_embeddings" is 1e+308, which is not a whole number from 0 to 2147483647',
  ],
  [
    changed(hfFolder(), 'config.json', {max_position_embeddings: 4_294_967_296}),
    'config.json: "max_position_embeddings" is 4294967296, which is not a whole number from 0 to 2147483647',
  ],
  [
    changed(denseFolder(), 'params.json', {max_seq_len: 2 ** 31}),
    'params.json: "max_seq_len" is 2147483648, which is not a whole number from 0 to 2147483647',
  ],
  [
    changed(denseFolder(), 'params.json', {dim: 1e12}),
    'params.json: "dim" is 1000000000000, which is not a whole number from 0 to 1048576',
  ],
  [
    changed(denseFolder(), 'params.json', {n_layers: 1.5}),
    'params.json: "n_layers" is 1.5, which is not a whole number from 0 to 512',
  ],
  [
    changed(denseFolder(), 'params.json', {n_layers: -1}),
    'params.json: "n_layers" is -1, which is not a whole number from 0 to 512',
  ],
  [
    text(denseFolder(), 'params.json', '"rope_theta":1000000', '"rope_theta":1e308'),
    'params.json: "rope_theta" is 1e+308, which is not from 0 to 1000000000000000',
  ],
  [
    changed(mixtralFolder(), 'params.json', {moe: {num_experts: 1e9, num_experts_per_tok: 2}}),
    'params.json: "moe.num_experts" is 1000000000, which is not a whole number from 0 to 1024',
  ],
  [
    changed(mixtralFolder(), 'params.json', {moe: {num_experts: 4, num_experts_per_tok: 33}}),
    'params.json: 33 experts are used of 4',
  ],
  [
    changed(ministral3Folder(), 'params.json', {
      yarn: {factor: 4, beta: 32, alpha: 1, apply_scale: false, original_max_position_embeddings: 1e15},
    }),
    'params.json: "yarn.original_max_position_embeddings" is 1000000000000000, which is not a whole number from 0 to 2147483647',
  ],
  [
    changed(mambaFolder(), 'params.json', {d_state: 2 ** 40}),
    'params.json: "d_state" is 1099511627776, which is not a whole number from 0 to 65536',
  ],
  [
    {...denseFolder(), 'params.json': Buffer.from(`{"n_layers":${'['.repeat(20_000)}`)},
    'params.json is not valid JSON: it nests deeper than 64 levels',
  ],
  [
    {...denseFolder(), 'params.json': Buffer.from(`{"n_layers":${'['.repeat(200)}${']'.repeat(200)}}`)},
    'params.json is not valid JSON: it nests deeper than 64 levels',
  ],
  [
    changed(denseFolder(), 'params.json', {n_layers: 'x'.repeat(100_000)}),
    `params.json: "n_layers" is "${'x'.repeat(59)}…, which is no size`,
  ],
])('a figure that cannot be is refused at once: %#', (files, line) => {
  const found = refusal(files);
  expect(found.line).toBe(line);
  expect(found.ms).toBeLessThan(1000);
});

const deep = (count: number) => `${'['.repeat(count)}${']'.repeat(count)}`;

test('files that nest as deep as they may are read, brackets in texts are none', () => {
  const brackets = changed(denseFolder(), 'params.json', {note: `${'['.repeat(200)}"\\${'{'.repeat(200)}`});
  expect(refusal(brackets).line).toBe('');
  expect(refusal(text(denseFolder(), 'params.json', '{', `{"x":${deep(63)},`)).line).toBe('');
  expect(refusal(text(denseFolder(), 'params.json', '{', `{"x":${deep(64)},`)).line).toBe(
    'params.json is not valid JSON: it nests deeper than 64 levels',
  );
});

test.each([20_000, 100_000])('tokenizers of %i levels', (levels) => {
  const {'tokenizer.model.v3': _, ...rest} = denseFolder();
  const tekken = Buffer.from(tekkenFile()).toString();
  for (const inside of [`{"x":${'['.repeat(levels)},`, `{"config":${'['.repeat(levels)},`, `{"x":${deep(levels)},`]) {
    const found = refusal({...rest, 'tekken.json': Buffer.from(tekken.replace('{', inside))});
    expect(found.line).toBe('tekken.json is not a tekken tokenizer: it nests deeper than 64 levels');
  }
  const hf = `{"x":${deep(levels)},"model":{"type":"BPE"}}`;
  expect(refusal({...rest, 'tokenizer.json': Buffer.from(hf)}).line).toBe(
    'tokenizer.json is not valid JSON: it nests deeper than 64 levels',
  );
});

function header(text: string): Uint8Array {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, Buffer.from(text)]);
}

test.each([
  ['{"a":null}', 'consolidated.safetensors is damaged: tensor "a" has no place'],
  ['{"a":[]}', 'consolidated.safetensors is damaged: tensor "a" has no place'],
  [`{"a":${deep(20_000)}}`, 'consolidated.safetensors is damaged: its header is no JSON'],
])('a header of weights that is %.20s', (text, line) => {
  expect(refusal({...denseFolder(), 'consolidated.safetensors': header(text)}).line).toBe(line);
});

test('the figures of an adapter are bounded too', () => {
  const factors = [
    tensor('base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight', [2, 64]),
    tensor('base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight', [64, 2]),
  ];
  const config = (alpha: string) => ({
    'adapter_model.safetensors': safetensors(factors),
    'adapter_config.json': Buffer.from(`{"lora_alpha":${alpha}}`),
  });
  const read = (folder: string) => readAdapter(`${folder}/adapter_model.safetensors`);
  expect(refusal(config('16'), read).line).toBe('');
  expect(refusal(config('1e300'), read).line).toBe(
    'adapter_config.json: "lora_alpha" is 1e+300, which is not from 0 to 1000000000000000',
  );
  expect(refusal(config('['.repeat(20_000)), read).line).toBe(
    'adapter_config.json is not valid JSON: it nests deeper than 64 levels',
  );
});
