import {rmSync} from 'node:fs';
import {basename, join} from 'node:path';
import {expect, test} from 'vitest';
import {run} from '../../../src/commands/program.ts';
import {fakeIo} from '../../fakes/io.ts';
import {latentFolder, voxtralFolder, windowFolder} from '../../fixtures/families-2026.ts';
import {folderWith} from '../../fixtures/folder.ts';
import {denseFolder, hfFolder, ministral3Folder} from '../../fixtures/tiny-families.ts';
import type {Files} from '../../fixtures/tiny-folder.ts';
import {json} from '../../fixtures/tiny-folder.ts';
import {tinyModel} from '../../fixtures/tiny-model.ts';
import {tekkenMetadata} from '../../fixtures/vocabularies.ts';

async function converted(): Promise<string> {
  const folder = folderWith(denseFolder());
  const out = join(folder, 'out.gguf');
  expect(await run('mistral', ['convert', folder, '--out', out, '--workers', '0'], fakeIo())).toBe(0);
  return out;
}

test('a model is described from its header', async () => {
  const path = await converted();
  const io = fakeIo();
  expect(await run('mistral', ['inspect', path, '--json'], io)).toBe(0);
  const found = JSON.parse(io.out()) as Record<string, unknown>;
  expect(found).toMatchObject({
    path,
    parameters: 102_720,
    quantisation: 'Q8_0',
    types: [
      {type: 'Q8_0', tensors: 16, bytes: 108_800},
      {type: 'F32', tensors: 5, bytes: 1280},
    ],
    tokenizer: {family: 'spm', tokens: 320, template: 'v3', fim: true, tools: true, reasoning: false},
    fittingContext: 256,
    notes: [],
  });
  // 2 layers x 2 heads x (16 + 16) values x 256 tokens, at 2 bytes and at 18/32.
  const memory = found.memory as {context: number; total: Record<string, number>}[];
  expect(memory.map(({context}) => context)).toEqual([256]);
  const total = memory[0]?.total ?? {};
  expect((total.F16 ?? 0) - (total.Q4_0 ?? 0)).toBe(2 * 2 * 32 * 256 * (2 - 18 / 32));
});

test('the table says the same in words', async () => {
  const io = fakeIo();
  await run('mistral', ['inspect', await converted()], io);
  expect(io.out()).toContain('architecture  llama, 2 layers of 64, 4 heads, 2 for keys and values\n');
  expect(io.out()).toContain('abilities     chat, tools, fill in the middle (by template and vocabulary; text only)\n');
});

test('model settings that a file carries are told, also those of a kind nobody knows', async () => {
  const builder = {
    reasoning_effort: {values: ['none', 'ultra'], default: 'ultra'},
    budget: {type: 'range', default: null},
  };
  const metadata = {
    ...tekkenMetadata(),
    'mistral.tokenizer.version': 'v15',
    'mistral.tokenizer.model_settings': JSON.stringify(builder),
  };
  const folder = folderWith({'m.gguf': tinyModel(metadata)});
  const io = fakeIo();
  await run('mistral', ['inspect', join(folder, 'm.gguf')], io);
  expect(io.out()).toContain('setting       efforts none, ultra (default ultra)\n');
  expect(io.out()).toContain(
    'setting       setting budget is of a kind (range) this program does not know; left out\n',
  );
  const json = fakeIo();
  await run('mistral', ['inspect', join(folder, 'm.gguf'), '--json'], json);
  expect(JSON.parse(json.out()).tokenizer.settings).toMatchObject([
    {name: 'reasoning_effort', values: ['none', 'ultra'], default: 'ultra'},
    {name: 'budget', kind: 'unknown', type: 'range'},
  ]);
});

test('a vision encoder is told that was left out, or lies beside the file', async () => {
  const folder = folderWith(ministral3Folder());
  const out = join(folder, 'out.gguf');
  expect(await run('mistral', ['convert', folder, '--out', out, '--workers', '0'], fakeIo())).toBe(0);
  const ours = fakeIo();
  await run('mistral', ['inspect', out], ours);
  expect(ours.out()).toContain('the source has a vision encoder, which is left out: this file is text only\n');
  const foreign = folderWith({'m.gguf': tinyModel(), 'mmproj-m-F16.gguf': 'x'});
  const io = fakeIo();
  await run('mistral', ['inspect', join(foreign, 'm.gguf')], io);
  expect(io.out()).toContain('vision: mmproj-m-F16.gguf lies beside it and is not used\n');
});

test('a folder is described as what it will be converted to', async () => {
  const folder = folderWith(denseFolder());
  const inspected = async (...args: string[]) => {
    const io = fakeIo();
    expect(await run('mistral', ['inspect', ...args], io)).toBe(0);
    return io.out();
  };
  const planned = JSON.parse(await inspected(folder, '--json')) as Record<string, unknown>;
  expect(planned).toMatchObject({
    path: folder,
    source: {format: 'mistral', types: ['BF16'], files: 1, bytes: 205_440},
    tokenizer: {templateReason: 'the tokenizer file tokenizer.model.v3 says so'},
  });
  expect(await inspected(join(folder, 'params.json'), '--quant', 'bf16')).toMatch(
    /^source {8}Mistral's format, BF16 in 1 file, 205 kB\n[\s\S]*quantisation {2}BF16: BF16 /,
  );
  // All that is told of the file is what is true of it when it is there.
  const io = fakeIo();
  await run('mistral', ['convert', folder, '--quant', 'Q8_0', '--workers', '0'], fakeIo());
  await run('mistral', ['inspect', join(folder, `${basename(folder)}-Q8_0.gguf`), '--json'], io);
  const made = JSON.parse(io.out()) as Record<string, unknown>;
  for (const key of [
    'bytes',
    'name',
    'shape',
    'parameters',
    'quantisation',
    'types',
    'memory',
    'fittingContext',
    'notes',
  ])
    expect(planned[key]).toEqual(made[key]);
});

test('a quantisation of which only the making tells what it is, and a folder that cannot be converted', async () => {
  const folder = folderWith(denseFolder());
  const io = fakeIo();
  expect(await run('mistral', ['inspect', folder, '--quant', 'Q4_K_M'], io)).toBe(2);
  expect(io.err()).toContain('becomes as Q4_K_M is known when it is made\nInspect it as F32, F16, Q8_0, BF16, or make');
  rmSync(join(folder, 'tokenizer.model.v3'));
  expect(await run('mistral', ['inspect', folder], fakeIo())).toBe(3);
});

test('a file that cannot be loaded is shown with the reason', async () => {
  const folder = folderWith({'m.gguf': tinyModel({'llama.context_length': undefined})});
  const io = fakeIo();
  expect(await run('mistral', ['inspect', join(folder, 'm.gguf'), '--json'], io)).toBe(0);
  expect(JSON.parse(io.out())).toMatchObject({
    problem: expect.stringContaining('has 264 tokens but 0 scores'),
    notes: expect.arrayContaining([
      'no context length: 32768 is taken; other programs refuse the file',
      expect.stringContaining('no rotary base'),
    ]),
  });
});

test('a file that is no GGUF is refused', async () => {
  const folder = folderWith({'m.gguf': 'hello'});
  const io = fakeIo();
  expect(await run('mistral', ['inspect', join(folder, 'm.gguf')], io)).toBe(3);
  expect(io.err()).toContain('is not a GGUF model');
});

test('what a model recommends is shown with its origin', async () => {
  const metadata = {
    ...tekkenMetadata(),
    'general.sampling.temp': {f32: 0.15},
    'general.sampling.top_p': {f32: 7},
    'mistral.tokenizer.version': 'v13',
    'mistral.default_system_prompt': 'Be brief, {name}.',
    'general.name': 'My Model',
  };
  const path = join(folderWith({'m.gguf': tinyModel(metadata)}), 'm.gguf');
  const shown = fakeIo();
  expect(await run('mistral', ['inspect', path], shown)).toBe(0);
  expect(shown.out()).toContain('sampling      temperature 0.15 (the file)\n');
  expect(shown.out()).toContain('system prompt from SYSTEM_PROMPT.txt, not sent unasked: "Be brief, My-Model."\n');
  const json = fakeIo();
  await run('mistral', ['inspect', path, '--json'], json);
  expect(JSON.parse(json.out())).toMatchObject({
    sampling: {temperature: {value: 0.15, origin: 'the file'}},
    systemPrompt: {origin: 'SYSTEM_PROMPT.txt', text: 'Be brief, My-Model.'},
    notes: expect.arrayContaining(["the file's general.sampling.top_p is ignored: 7 is not a number above 0, up to 1"]),
  });
});

test('the scale of attention and windows have a line', async () => {
  const table = async (files: Files) => {
    const io = fakeIo();
    expect(await run('mistral', ['inspect', folderWith(files)], io)).toBe(0);
    return io.out();
  };
  const latent = await table(latentFolder({format: 'mistral'}));
  expect(latent).toContain('attention     YaRN x8 over 64 tokens: attention scaled by 1.00, rotated parts by 1.00\n');
  const scaled = await table(latentFolder({format: 'mistral', rope: {apply_scale: true}}));
  expect(scaled).toContain('attention     YaRN x8 over 64 tokens: attention scaled by 1.46, rotated parts by 1.00\n');
  expect(scaled).toContain("note          attention is scaled by 1.46, as llama.cpp's converter writes it:");
  expect(await table(windowFolder('ministral'))).toContain('attention     sees the last 24 tokens in 1 of 2 layers\n');
  const heard = await table(voxtralFolder('mistral'));
  expect(heard).not.toContain('attention');
  expect(heard).toContain('note          the source has an audio encoder, which is left out: this file is text only\n');
});

test('what a folder recommends is what the file made of it recommends, with the same origin', async () => {
  const folder = folderWith({
    ...hfFolder(),
    'generation_config.json': json({temperature: 0.15, top_p: 0.95, repetition_penalty: 0}),
    'SYSTEM_PROMPT.txt': 'Be brief.',
  });
  const out = join(folderWith(), 'm.gguf');
  const io = fakeIo();
  expect(await run('mistral', ['convert', folder, '--out', out, '--workers', '0'], io)).toBe(0);
  expect(io.err()).toContain('repetition_penalty is ignored, as it is not a number above 0, up to 10');
  for (const model of [folder, out]) {
    const looked = fakeIo();
    expect(await run('mistral', ['inspect', model, '--json'], looked)).toBe(0);
    expect(JSON.parse(looked.out())).toMatchObject({
      sampling: {
        temperature: {value: 0.15, origin: 'generation_config.json'},
        topP: {value: 0.95, origin: 'generation_config.json'},
      },
      systemPrompt: {origin: 'SYSTEM_PROMPT.txt', text: 'Be brief.'},
    });
  }
});
