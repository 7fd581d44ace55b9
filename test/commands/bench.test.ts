import {expect, test} from 'vitest';
import {runBench} from '../../src/commands/bench.ts';
import {scriptedBackend} from '../fakes/backend.ts';
import {fakeIo} from '../fakes/io.ts';

const flags = {promptTokens: 4, genTokens: 2, repetitions: 2};

test('one run warms up, the others are counted, no two prompts are alike', async () => {
  const io = fakeIo();
  const backend = scriptedBackend(() => 'ab');
  await runBench(io, backend, flags);
  expect(io.out()).toBe(
    'scripted, script, 2 runs\n' +
      'test              tokens    best t/s  median t/s\n' +
      'prompt                 4      1333.3      1333.3\n' +
      'generation             2       250.0       250.0\n',
  );
  const prompts = backend.requests.map((request) => 'prompt' in request && String(request.prompt));
  expect(new Set(prompts).size).toBe(3);
});

test('--json holds every run', async () => {
  const io = fakeIo();
  await runBench(
    io,
    scriptedBackend(() => 'ab'),
    {...flags, json: true},
  );
  expect(JSON.parse(io.out())).toMatchObject({
    model: 'scripted',
    prompt_tokens: 4,
    gen_tokens_per_second: [250, 250],
  });
});
