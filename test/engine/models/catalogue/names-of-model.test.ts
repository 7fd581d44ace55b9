import {expect, test} from 'vitest';
import {preflight} from '../../../../src/engine/gguf/preflight.ts';
import {namesOfModel} from '../../../../src/engine/models/catalogue/names-of-model.ts';
import {embeddedFile} from '../../../../src/engine/models/embedded-file.ts';

/** What is in a header that says nothing of its name. */
const {metadata} = preflight(embeddedFile() as string);

test.each([
  ['/m/own-Q4_K_M.gguf', undefined, 'own-Q4_K_M', ['own:Q4_K_M', 'own']],
  ['/m/own.gguf', undefined, 'own', []],
  ['/m/own-Q8_0-00001-of-00003.gguf', undefined, 'own-Q8_0', ['own:Q8_0', 'own']],
  [
    '/hub/models--bartowski--Mistral-7B-Instruct-v0.3-GGUF/snapshots/1/Mistral-7B-Instruct-v0.3-Q4_K_M.gguf',
    'hf:bartowski/Mistral-7B-Instruct-v0.3-GGUF/Mistral-7B-Instruct-v0.3-Q4_K_M.gguf',
    'Mistral-7B-Instruct-v0.3-Q4_K_M',
    [
      'mistral-7b-instruct-v0.3:Q4_K_M',
      'mistral-7b:Q4_K_M',
      '7b:Q4_K_M',
      'mistral-7b-instruct:Q4_K_M',
      'mistral-7b-v0.3:Q4_K_M',
      'mistral-7b-instruct-v0.3',
      'mistral-7b',
      '7b',
      'mistral-7b-instruct',
      'mistral-7b-v0.3',
      'hf:bartowski/Mistral-7B-Instruct-v0.3-GGUF/Mistral-7B-Instruct-v0.3-Q4_K_M.gguf',
    ],
  ],
  ['/o/blobs/sha256-00', 'ollama:mistral:latest', 'mistral', ['ollama:mistral:latest']],
  ['/o/blobs/sha256-00', 'ollama:mistral:7b-q4_0', 'mistral:7b-q4_0', ['ollama:mistral:7b-q4_0']],
  ['/j/model.gguf', 'jan:codestral/22b', 'codestral/22b', ['jan:codestral/22b']],
])('%s stored as %s', (path, stored, id, names) => {
  expect(namesOfModel({path, metadata}, stored)).toEqual({id, names});
});
