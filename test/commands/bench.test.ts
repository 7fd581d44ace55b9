import {expect, test} from 'vitest';
import {runBench} from '../../src/commands/bench.ts';
import {scriptedBackend} from '../fakes/backend.ts';
import {fakeIo} from '../fakes/io.ts';
import {toyTokenizer} from '../fakes/toy-tokenizer.ts';

const backend = () =>
  Object.assign(
    scriptedBackend(() => 'abcdefghij'),
    {tokenizer: toyTokenizer()},
  );
const flags = {promptTokens: 4, generatedTokens: 2, repetitions: 2};

test('a table with the median and the best run', async () => {
  const io = fakeIo();
  await runBench(io, backend(), flags);
  expect(io.out()).toBe(
    'scripted, script, 2 runs\n' +
      '              tokens     median       best\n' +
      'prompt             4     1333.3     1333.3  tokens/s\n' +
      'generation         2      250.0      250.0  tokens/s\n' +
      'first token        1        2.0        2.0  ms\n',
  );
});

test('--json holds every run', async () => {
  const io = fakeIo();
  await runBench(io, backend(), {...flags, json: true});
  expect(JSON.parse(io.out())).toMatchObject({
    model: 'scripted',
    prompt_tokens: 4,
    generated_tokens_per_second: [250, 250],
    first_token_ms: [2, 2],
  });
});
