import {join} from 'node:path';
import {beforeEach, expect, test} from 'vitest';
import {run} from '../../../src/commands/program.ts';
import {fakeIo} from '../../fakes/io.ts';
import {type ScriptedEngine, scriptedEngine, scriptedModel} from '../../fakes/scripted-engine.ts';
import {folderWith} from '../../fixtures/folder.ts';
import type {GgufValue} from '../../fixtures/gguf.ts';
import {json} from '../../fixtures/tiny-folder.ts';

const RECIPE = {'general.sampling.temp': {f32: 0.15}, 'general.sampling.top_k': {i32: 20}};
const TOOLS = json([{name: 'add', description: 'Adds', parameters: {}}]);

let current: ScriptedEngine | undefined;
beforeEach(() => {
  current = scriptedEngine();
});
const engine = () => current as ScriptedEngine;

/** Files beside the model. */
let files: Readonly<Record<string, string>> = {};
beforeEach(() => {
  files = {};
});

/** Runs a program on a model with these keys: what was sampled with, and what was said. */
async function sampled(metadata: Readonly<Record<string, GgufValue>>, program: string, ...argv: string[]) {
  const {models} = engine();
  const home = folderWith({'m.gguf': scriptedModel('the cat', metadata), 'tools.json': TOOLS, ...files});
  const io = {...fakeIo('hello\n', {HOME: home}), cwd: home};
  const code = await run(program, [join(home, 'm.gguf'), ...argv], io);
  const lines = io
    .err()
    .split('\n')
    .filter((line) => /sampl|system prompt/.test(line));
  const {seed: _, ...sampling} = models.at(-1)?.calls[0]?.options.sampling ?? {seed: undefined};
  const prompt = models.at(-1)?.calls[0]?.prompt ?? [];
  return {code, sampling, lines, prompt, err: io.err(), out: io.out()};
}

test('a chat samples as its file recommends, and says so once', async () => {
  for (const argv of [['--instruct'], ['--instruct', '-p', 'Hi'], []]) {
    expect(await sampled(RECIPE, 'mistral-chat', ...argv)).toMatchObject({
      code: 0,
      sampling: {temperature: 0.15, topK: 20, maxTokens: 1024},
      lines: ['sampling: temperature 0.15 (the file), top_p 1, top_k 20 (the file)'],
    });
  }
  expect((await sampled(RECIPE, 'mistral-chat', '--instruct')).sampling).not.toHaveProperty('topP');
});

test("a flag, also by position, goes before the file; without it all is this program's own", async () => {
  expect(await sampled(RECIPE, 'mistral-chat', '--instruct', '--temperature', '0')).toMatchObject({
    sampling: {temperature: 0, topK: 20},
    lines: ['sampling: temperature 0, top_p 1, top_k 20 (the file)'],
  });
  expect((await sampled(RECIPE, 'mistral-chat', '64', '0.5', '--instruct')).sampling).toMatchObject({
    maxTokens: 64,
    temperature: 0.5,
    topK: 20,
  });
  const own = {temperature: 0.7, topP: 0.8, maxTokens: 1024};
  expect(await sampled(RECIPE, 'mistral-chat', '--instruct', '--no-model-defaults')).toMatchObject({
    code: 0,
    sampling: own,
    lines: [],
  });
  expect(await sampled({}, 'mistral-chat', '--instruct')).toMatchObject({code: 0, sampling: own, lines: []});
});

test('a bad figure is told and costs no answer', async () => {
  expect(await sampled({'general.sampling.temp': {f32: Number.NaN}}, 'mistral-chat', '--instruct')).toMatchObject({
    code: 0,
    sampling: {temperature: 0.7, topP: 0.8, maxTokens: 1024},
    lines: ["note: the file's general.sampling.temp is ignored: NaN is not a number from 0 to 5"],
  });
});

test('tools follow the recommendation; a fill-in and the demo, which are no chats, do not', async () => {
  expect(await sampled(RECIPE, 'mistral-tools', '--tools', 'tools.json', '-p', 'Hi')).toMatchObject({
    sampling: {temperature: 0.15, topK: 20},
  });
  expect(
    (await sampled(RECIPE, 'mistral-tools', '--tools', 'tools.json', '-p', 'Hi', '--no-model-defaults')).sampling,
  ).toMatchObject({temperature: 0});
  expect(await sampled(RECIPE, 'mistral-fim', '--prefix', 'a', '--suffix', 'b')).toMatchObject({
    sampling: {temperature: 0},
    lines: [],
  });
  expect(await sampled(RECIPE, 'mistral-demo')).toMatchObject({sampling: {temperature: 0}, lines: []});
});

const OFFER = 'this model has a recommended system prompt (SYSTEM_PROMPT.txt): --system default takes it';

test('a system prompt beside the model is offered, never sent unasked', async () => {
  const bare = await sampled({}, 'mistral-chat', '--instruct');
  files = {'SYSTEM_PROMPT.txt': 'the dog'};
  const offered = await sampled({}, 'mistral-chat', '--instruct');
  expect(offered).toMatchObject({code: 0, lines: [OFFER], prompt: bare.prompt});
  const own = await sampled({}, 'mistral-chat', '--instruct', '--system', 'the dog');
  const taken = await sampled({}, 'mistral-chat', '--instruct', '--system', 'default');
  expect(taken).toMatchObject({code: 0, lines: [], prompt: own.prompt});
  expect(own.prompt.length).toBeGreaterThan(bare.prompt.length);
  // Plain continuation has none, and who brings one is offered none.
  expect((await sampled({}, 'mistral-chat')).lines).toEqual([]);
  expect((await sampled({}, 'mistral-chat', '--instruct', '--system', 'x')).lines).toEqual([]);
});

test('tools and their dry run take it alike', async () => {
  files = {'SYSTEM_PROMPT.txt': 'the dog of {name}'};
  const metadata = {'general.name': 'My Model'};
  const argv = ['--tools', 'tools.json', '-p', 'Hi'];
  const run = await sampled(metadata, 'mistral-tools', ...argv, '--system', 'default');
  const own = await sampled(metadata, 'mistral-tools', ...argv, '--system', 'the dog of My-Model');
  expect(run.prompt).toEqual(own.prompt);
  const dry = await sampled(metadata, 'mistral-tools', ...argv, '--system', 'default', '--dry-run', '--json');
  expect((JSON.parse(dry.out) as {ids: number[]}).ids).toEqual(run.prompt);
  expect((await sampled(metadata, 'mistral-tools', ...argv)).lines).toEqual([OFFER]);
});

test('a prompt that the model thinks under is told as that; one that nobody knows is refused', async () => {
  const kept = {'mistral.default_system_prompt': 'Begin with <think>.'};
  expect((await sampled(kept, 'mistral-chat', '--instruct')).lines).toEqual([
    'this model thinks only under its own system prompt (SYSTEM_PROMPT.txt), which was not sent: --system default takes it',
  ]);
  expect(await sampled({}, 'mistral-chat', '--instruct', '--system', 'default')).toMatchObject({
    code: 2,
    err: expect.stringContaining('error: no recommended system prompt is known of m\nGive its text, or a file'),
  });
});

test('where the catalogue knows that one is published, the place is told', async () => {
  const line = (name: string) =>
    sampled({'general.name': name}, 'mistral-chat', '--instruct').then(({lines}) => lines[1]);
  expect(await line('Magistral Small 2509')).toBe(
    'this model thinks only under a system prompt that is not here (SYSTEM_PROMPT.txt of mistralai/Magistral-Small-2509): ' +
      'save it beside the file, or give it with --system @FILE',
  );
  expect(await line('Devstral Small 2 24B Instruct 2512')).toBe(
    'a system prompt is recommended for this model that is not here (SYSTEM_PROMPT.txt of ' +
      'mistralai/Devstral-Small-2-24B-Instruct-2512, unverified): save it beside the file, or give it with --system @FILE',
  );
});
