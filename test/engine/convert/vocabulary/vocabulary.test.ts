// What a tekken file's model settings, and the end tokens of a folder, become in the GGUF made of it.
import {expect, test} from 'vitest';
import type {FolderClues} from '../../../../src/engine/convert/vocabulary/vocabulary.ts';
import {readVocabulary, vocabularyEntries} from '../../../../src/engine/convert/vocabulary/vocabulary.ts';
import {spmFile, spmPieces, tekkenJson} from '../../../fixtures/vocabularies.ts';

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

/** The end tokens of a file made of a vocabulary without a version, to which ChatML's tokens were added behind its 439. */
function ends(clues: FolderClues): Record<string, unknown> {
  const added = ['<|im_end|>', '<|im_start|>', '<|stop|>', '<|more|>'].map((text) => ({text, score: 0, type: 3}));
  const vocabulary = readVocabulary('tokenizer.model', 'm', spmFile([...spmPieces(), ...added]), clues);
  const entries = vocabularyEntries(vocabulary, vocabulary.size);
  return Object.fromEntries(
    entries.flatMap(([key, {value}]) => (/eo[stm]_token_ids?$/.test(key) ? [[key.split('.')[2], value]] : [])),
  );
}

const CHATML = '{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}';

test.each<[string, FolderClues, Record<string, unknown>]>([
  ['its text', {ends: {text: '<|im_end|>', ids: []}}, {eos_token_id: 439}],
  ['its id', {ends: {ids: [439]}}, {eos_token_id: 439}],
  ['a text before ids', {ends: {text: '<|im_end|>', ids: [2, 439]}}, {eos_token_id: 439, eot_token_id: 2}],
  ['three', {ends: {ids: [439, 441, 2]}}, {eos_token_id: 439, eot_token_id: 441, eom_token_id: 2}],
  [
    'four',
    {ends: {ids: [439, 441, 2, 442]}},
    {eos_token_id: 439, eot_token_id: 441, eom_token_id: 2, eos_token_ids: [439, 441, 2, 442]},
  ],
  ['a text that it lacks', {ends: {text: '<|end|>', ids: []}}, {eos_token_id: 2}],
  ['ids beyond it', {ends: {ids: [-1, 0.5, 443, 2 ** 53]}}, {eos_token_id: 2}],
  ['nothing', {}, {eos_token_id: 2}],
])('the end of an answer under a template of others is what the folder names: %s', (_, clues, expected) => {
  expect(ends({...clues, chatTemplate: CHATML})).toEqual(expected);
});

test("under Mistral's own template an answer ends with </s>, whatever a folder says", () => {
  const vocabulary = readVocabulary('tekken.json', 't', Buffer.from(tekkenJson('v13')), {ends: {ids: [0]}});
  const entries = Object.fromEntries(vocabularyEntries(vocabulary, vocabulary.size));
  expect(entries['tokenizer.ggml.eos_token_id']).toEqual({type: 'u32', value: 2});
});
