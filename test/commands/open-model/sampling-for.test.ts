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

/** Runs a program on a model with these keys: what was sampled with, and what was said. */
async function sampled(metadata: Readonly<Record<string, GgufValue>>, program: string, ...argv: string[]) {
  const {models} = engine();
  const home = folderWith({'m.gguf': scriptedModel('the cat', metadata), 'tools.json': TOOLS});
  const io = {...fakeIo('hello\n', {HOME: home}), cwd: home};
  const code = await run(program, [join(home, 'm.gguf'), ...argv], io);
  const lines = io
    .err()
    .split('\n')
    .filter((line) => /sampl/.test(line));
  const {seed: _, ...sampling} = models.at(-1)?.calls[0]?.options.sampling ?? {seed: undefined};
  return {code, sampling, lines};
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
  expect(await sampled(RECIPE, 'mistral-chat', '--instruct', '--no-model-defaults')).toEqual({
    code: 0,
    sampling: own,
    lines: [],
  });
  expect(await sampled({}, 'mistral-chat', '--instruct')).toEqual({code: 0, sampling: own, lines: []});
});

test('a bad figure is told and costs no answer', async () => {
  expect(await sampled({'general.sampling.temp': {f32: Number.NaN}}, 'mistral-chat', '--instruct')).toEqual({
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
