import {expect, test} from 'vitest';
import {firstLine} from '../../../src/commands/chat/first-line.ts';
import {versionText} from '../../../src/commands/version.ts';
import {SCRIPTED_MODEL} from '../../fakes/scripted-backend.ts';

const program = versionText('mistral-chat').trim();

test('of the demo model it says how to get a real one, on one row of 80', () => {
  const parts = firstLine({kind: 'model', name: undefined})();
  expect(parts).toEqual([program, 'demo model (8M)', 'a real one: mistral pull mistral-7b']);
  expect(parts.join(' · ').length).toBeLessThanOrEqual(78);
});

test('of a model it says the name at once, and its context when it is loaded', () => {
  const line = firstLine({kind: 'model', name: '/models/Mistral-7B.gguf'});
  expect(line()).toEqual([program, 'Mistral-7B.gguf']);
  expect(line({...SCRIPTED_MODEL, id: 'Mistral-7B', contextSize: 32_768, device: 'CPU, 4 threads'})).toEqual([
    ...[program, 'Mistral-7B', 'context 32,768 tokens', 'CPU, 4 threads'],
  ]);
});

test('of a server it says the address, then the model it offers', () => {
  const line = firstLine({kind: 'url', url: 'http://127.0.0.1:8080/v1'});
  expect(line()).toEqual([program, 'http://127.0.0.1:8080/v1']);
  expect(line({...SCRIPTED_MODEL, contextSize: undefined, id: 'large', device: 'remote, 127.0.0.1'})).toEqual([
    program,
    'large',
    'remote, 127.0.0.1',
  ]);
});
