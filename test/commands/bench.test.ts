import {expect, test} from 'vitest';
import {runBench} from '../../src/commands/bench.ts';
import {fakeIo} from '../fakes/io.ts';
import {answering, ScriptedBackend} from '../fakes/scripted-backend.ts';

const backend = () => new ScriptedBackend(answering(() => 'abcdefghij'));
const flags = {promptTokens: 4, generatedTokens: 2, repetitions: 2};

test('a table with the median and the best run', async () => {
  const io = fakeIo();
  await runBench(io, backend(), flags);
  expect(io.out()).toBe(
    'scripted, nowhere, 2 runs\n' +
      '              tokens     median       best\n' +
      'prompt             4      400.0      400.0  tokens/s\n' +
      'generation         2       30.0       30.0  tokens/s\n' +
      'first token        1       20.0       20.0  ms\n',
  );
});

test('--json holds every run', async () => {
  const io = fakeIo();
  await runBench(io, backend(), {...flags, json: true});
  expect(JSON.parse(io.out())).toMatchObject({
    model: 'scripted',
    prompt_tokens: 4,
    generated_tokens_per_second: [30, 30],
    first_token_ms: [20, 20],
  });
});
