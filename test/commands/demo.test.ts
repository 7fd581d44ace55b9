import {expect, test} from 'vitest';
import {runDemo} from '../../src/commands/demo.ts';
import {fakeIo} from '../fakes/io.ts';
import {answering, ScriptedBackend} from '../fakes/scripted-backend.ts';

test('prompt and completion of the three texts, each with its rule', async () => {
  const io = fakeIo();
  const backend = new ScriptedBackend(answering((_request, i) => [' of', ' for all', 'Yes'][i] ?? ''));
  await runDemo(io, backend, {temperature: 0, maxTokens: 35});
  expect(io.out()).toBe(
    'This is a test of\n=====================\n' +
      'This is another great test for all\n=====================\n' +
      'This is a third test, mistral AI is very good at testing. Yes\n=====================\n',
  );
  expect(backend.requests).toHaveLength(3);
});
