// What a tekken file's model settings become in the GGUF made of it.
import {expect, test} from 'vitest';
import {readVocabulary, vocabularyEntries} from '../../../../src/engine/convert/vocabulary/vocabulary.ts';
import {tekkenJson} from '../../../fixtures/vocabularies.ts';

/** The texts of the keys that say how a chat is written. */
function keys(json: string): Record<string, unknown> {
  const vocabulary = readVocabulary('tekken.json', 'tekken.json', Buffer.from(json));
  const entries = Object.fromEntries(vocabularyEntries(vocabulary, vocabulary.size));
  const text = (key: string) => entries[key]?.value;
  return {
    version: text('mistral.tokenizer.version'),
    settings: text('mistral.tokenizer.model_settings'),
    template: text('tokenizer.chat_template'),
  };
}

test('the default effort stands in the chat template for other programs', () => {
  const builder = {reasoning_effort: {values: ['none', 'high'], default: 'high'}};
  expect(keys(tekkenJson('v15', {model_settings_builder: builder}))).toMatchObject({
    version: 'v15',
    settings: JSON.stringify(builder),
    template: expect.stringContaining('{%- set reasoning_effort = reasoning_effort or "high" -%}'),
  });
});

test('a file of v15 that has no settings says so in what it becomes: its chats are refused there too', () => {
  expect(keys(tekkenJson('v15'))).toMatchObject({version: 'v15', settings: 'null'});
  expect(keys(tekkenJson('v13'))).toMatchObject({version: 'v13', settings: undefined});
});
