import {join} from 'node:path';
import {expect, onTestFinished, test} from 'vitest';
import {run} from '../../../src/commands/program.ts';
import {readGguf} from '../../../src/engine/gguf/read-header.ts';
import {engineFor, localMachine, registerEngine} from '../../../src/engine/local/engines.ts';
import {openLocalBackend} from '../../../src/engine/local/open-local.ts';
import {backendContract} from '../../contract/backend.ts';
import {fakeIo} from '../../fakes/io.ts';
import {scriptedEngine, scriptedModel} from '../../fakes/scripted-engine.ts';
import {folderWith} from '../../fixtures/folder.ts';
import {tinyModel} from '../../fixtures/tiny-model.ts';

const fileWith = (bytes: Uint8Array) => join(folderWith({'m.gguf': bytes}), 'm.gguf');

backendContract({
  open: () => {
    scriptedEngine();
    return openLocalBackend({file: fileWith(scriptedModel('the cat sat on the mat and '.repeat(4)))});
  },
  calls: 'never',
  reasons: false,
  logprobs: true,
  enforces: false,
});

test('llama.cpp opens what it knows, as the first one asked', async () => {
  const every = {name: 'every', runs: () => true, machine: () => localMachine('off'), open: () => Promise.reject()};
  onTestFinished(registerEngine({name: 'every', load: async () => every}));
  expect((await engineFor(readGguf(fileWith(tinyModel())))).name).toBe('llama.cpp v0.5.0');
  const other = readGguf(fileWith(tinyModel({'general.architecture': 'zeta9'})));
  expect((await engineFor(other)).name).toBe('every');
});

test('an architecture that no engine knows is refused with those that were asked', async () => {
  const path = fileWith(tinyModel({'general.architecture': 'zeta9'}));
  const refusal = {code: 'model_invalid', exitCode: 3, hint: expect.stringContaining('update')};
  await expect(openLocalBackend({file: path})).rejects.toMatchObject({
    ...refusal,
    message: `${path} is of architecture "zeta9", unknown to this engine (llama.cpp v0.5.0)`,
  });
  scriptedEngine();
  await expect(openLocalBackend({file: path})).rejects.toMatchObject({
    ...refusal,
    message: `${path} is of architecture "zeta9", unknown to these engines (llama.cpp v0.5.0, script 1.0)`,
  });
});

test('a second engine answers a chat with its own file, and is told what the flags ask for', async () => {
  const {opened, models} = scriptedEngine();
  const path = fileWith(scriptedModel('the cat sat'));
  const io = fakeIo();
  const flags = ['--gpu', 'vulkan', '--ctx', '99', '--kv-type', 'q8_0'];
  expect(await run('mistral-chat', [path, '--instruct', '-p', 'hi', ...flags], io)).toBe(0);
  expect(io.out()).toBe('the cat sat\n');
  expect(opened).toMatchObject([{path, options: {device: 'vulkan', contextSize: 99, kvType: 'Q8_0', slots: 1}}]);
  expect(models[0]?.closed).toBe(true);
});

test("an engine's saved state is the backend's; without one there is none", async () => {
  const {saved} = scriptedEngine();
  const backend = await openLocalBackend({file: fileWith(scriptedModel('a'))});
  expect(await backend.state?.save('/s')).toBe(true);
  expect(saved).toEqual(['/s']);
});

test('without a registered engine its file is one of nobody, also to inspect', async () => {
  const path = fileWith(scriptedModel('a'));
  const inspected = async () => {
    const io = fakeIo();
    expect(await run('mistral', ['inspect', path, '--json'], io)).toBe(0);
    return (JSON.parse(io.out()) as {problem?: string}).problem;
  };
  expect(await inspected()).toContain('architecture "scripted", unknown to this engine');
  scriptedEngine();
  expect(await inspected()).toBeUndefined();
});

test('what a library of the user runs is left to it, also by inspect', async () => {
  const path = fileWith(scriptedModel('a'));
  expect((await engineFor(readGguf(path), {library: '/my/libllama.so'})).name).toBe('llama.cpp v0.5.0');
  const problem = async (env: Readonly<Record<string, string>>) => {
    const io = fakeIo(undefined, env);
    expect(await run('mistral', ['inspect', path, '--json'], io)).toBe(0);
    return (JSON.parse(io.out()) as {problem?: string}).problem ?? '';
  };
  expect(await problem({})).toContain('"scripted", unknown to this engine');
  expect(await problem({MISTRAL_LLAMA_LIBRARY: '/my/libllama.so'})).toBe('');
});
