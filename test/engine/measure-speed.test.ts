import {describe, expect, test} from 'vitest';
import type {CompletionRequest} from '../../src/engine/contract/requests.ts';
import {measureSpeed, median} from '../../src/engine/measure-speed.ts';
import {answering, ScriptedBackend} from '../fakes/scripted-backend.ts';

describe('measureSpeed', () => {
  const script = answering(() => 'x'.repeat(300));

  test('a warm-up and then as many repetitions as asked, each with a prompt of its own', async () => {
    const backend = new ScriptedBackend(script);
    const seen: number[] = [];
    const onRepetition = (index: number) => seen.push(index);
    const report = await measureSpeed(backend, {promptTokens: 10, generatedTokens: 20, repetitions: 2, onRepetition});
    expect(report).toEqual({
      promptTokens: 10,
      generatedTokens: 20,
      prompt: [1000, 1000],
      generation: [210, 210],
      firstToken: [20, 20],
    });
    expect(seen).toEqual([0, 1]);
    const requests = backend.requests as readonly CompletionRequest[];
    expect(requests.map(({sampling}) => sampling.maxTokens)).toEqual([1, 21, 1, 21, 1, 21]);
    const firsts = requests.filter((_, index) => index % 2 === 0).map(({prompt}) => prompt[0]);
    expect(new Set(firsts).size).toBe(3);
  });

  test('lengths shrink to the context', async () => {
    const backend = new ScriptedBackend(script, {contextSize: 64});
    expect(await measureSpeed(backend, {repetitions: 1})).toMatchObject({promptTokens: 63, generatedTokens: 62});
  });

  test('a backend without a vocabulary cannot be measured', async () => {
    const backend = Object.assign(new ScriptedBackend(script), {tokenizer: undefined});
    await expect(measureSpeed(backend)).rejects.toMatchObject({
      code: 'unsupported',
      hint: expect.stringContaining('--tokenizer'),
    });
  });

  test('an abort is passed on', async () => {
    const reason = new Error('stopped');
    await expect(measureSpeed(new ScriptedBackend(script), {}, AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});

test.each([
  [[], undefined],
  [[3], 3],
  [[3, 1, 2], 2],
  [[4, 1, 2, 3], 2.5],
])('the median of %j is %j', (values, middle) => {
  expect(median(values)).toBe(middle);
});
