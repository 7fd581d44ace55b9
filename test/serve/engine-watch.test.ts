import {expect, test, vi} from 'vitest';
import {EngineError} from '../../src/base/errors.ts';
import {EngineWatch} from '../../src/serve/engine-watch.ts';
import {type Script, ScriptedBackend} from '../fakes/scripted-backend.ts';

const failed = new EngineError('engine_failed', 'the engine failed while generating: Eval has failed');
const fail = () => {
  throw failed;
};
const never = new AbortController().signal;

function watching(script: Script, probeMs = 1000) {
  const backend = new ScriptedBackend(script);
  const onDead = vi.fn();
  const watch = new EngineWatch(backend, {onDead, probeMs});
  const generate = async () => {
    for await (const _ of watch.guard(backend.complete({prompt: 'x', sampling: {temperature: 0}}, never)));
  };
  return {backend, watch, onDead, generate};
}

test('an engine that fails again when it is asked for one token is dead', async () => {
  const {backend, watch, onDead, generate} = watching([fail]);
  await expect(generate()).rejects.toBe(failed);
  await vi.waitFor(() => expect(onDead).toHaveBeenCalledExactlyOnceWith(failed));
  expect(watch.failure).toBe(failed);
  expect(backend.calls).toHaveLength(2);
  expect(backend.calls[1]).toMatchObject({request: {sampling: {maxTokens: 1}}});
});

test('an engine that answers again is up again', async () => {
  const scripts = [[fail], ['a']];
  const {watch, onDead, generate} = watching(() => scripts.shift() ?? []);
  await expect(generate()).rejects.toBe(failed);
  expect(watch.failure).toBe(failed);
  await vi.waitFor(() => expect(watch.failure).toBeUndefined());
  expect(onDead).not.toHaveBeenCalled();
});

test('an engine that hangs is dead, unless another answer goes on', async () => {
  const hang = () => new Promise(() => {});
  const scripts = [[fail], [hang]];
  const hung = watching(() => scripts.shift() ?? [], 20);
  await expect(hung.generate()).rejects.toBe(failed);
  await vi.waitFor(() => expect(hung.onDead).toHaveBeenCalledOnce());

  const busy = [[fail], [hang], ['going on']];
  const alive = watching(() => busy.shift() ?? [], 20);
  await expect(alive.generate()).rejects.toBe(failed);
  await alive.generate();
  expect(alive.watch.failure).toBeUndefined();
});

test('other failures say nothing about the engine', async () => {
  const {watch, generate} = watching([
    () => {
      throw new EngineError('context_length_exceeded', 'too long');
    },
  ]);
  await expect(generate()).rejects.toMatchObject({code: 'context_length_exceeded'});
  expect(watch.failure).toBeUndefined();
});
