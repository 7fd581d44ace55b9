import {describe, expect, test} from 'vitest';
import type {Tokenizer} from '../../../src/engine/contract/tokenizer.ts';
import {detectVersion, parseVersion, type VersionClues} from '../../../src/engine/template/detect.ts';
import {TekkenTokenizer} from '../../../src/engine/tokenizer/tekken/tekken.ts';
import {parseTekken} from '../../../src/engine/tokenizer/tekken/tekken-file.ts';
import {tekkenJson, tekkenSpecials} from '../../fixtures/vocabularies.ts';

/** A tekken vocabulary with these control tokens beside <s> and </s>, called one or the other family. */
function vocabulary(family: Tokenizer['family'], ...controls: string[]): Tokenizer {
  const wanted = ['<unk>', '<s>', '</s>', ...controls];
  const special_tokens = tekkenSpecials.map((_, rank) => ({rank, token_str: wanted[rank] ?? `<SPECIAL_${rank}>`}));
  const tokenizer = new TekkenTokenizer(parseTekken('t', Buffer.from(tekkenJson('v13', {special_tokens}))).vocabulary);
  return Object.assign(Object.create(tokenizer), {
    family,
    controlId: (text: string) => tokenizer.controlId(text),
  }) as Tokenizer;
}

const V2 = ['[INST]', '[TOOL_CALLS]'];
const V3 = [...V2, '[PREFIX]', '[SUFFIX]'];
const V7 = [...V3, '[SYSTEM_PROMPT]', '[TOOL_CONTENT]'];
const V11 = [...V7, '[ARGS]', '[CALL_ID]'];
const V13 = [...V11, '[THINK]'];
const V15 = [...V13, '[MODEL_SETTINGS]'];

describe('from the vocabulary alone', () => {
  test.each([
    ['spm', [], 'v1'],
    ['spm', V2, 'v2'],
    ['spm', V3, 'v3'],
    ['spm', V7, 'v7'],
    ['tekken', V3, 'v3'],
    ['tekken', V7, 'v7'],
    ['tekken', V11, 'v11'],
    ['tekken', V13, 'v13'],
    ['tekken', V15, 'v15'],
  ] as const)('%s with %j is %s', (family, controls, version) => {
    const detected = detectVersion({}, vocabulary(family, ...controls));
    expect(detected.version).toBe(version);
    expect(detected.reason).toContain('its vocabulary has');
  });
});

describe('a name decides where the vocabulary leaves two versions, and only there', () => {
  test.each([
    ['Mistral Nemo Instruct 2407', V7, 'v3'],
    ['Ministral-8B-Instruct-2410', V7, 'v3'],
    ['Mistral-Small-24B-Instruct-2501', V7, 'v7'],
    ['Mistral-Small-3.2-24B-Instruct-2506-Q4_K_M.gguf', V13, 'v11'],
    ['Ministral-3-8B-Instruct-2512', V11, 'v13'],
    ['Devstral-Small-2507', V7, 'v7'],
    ['Mistral Nemo with settings', V15, 'v15'],
  ])('%s', (name, controls, version) => {
    expect(detectVersion({names: ['model', name]}, vocabulary('tekken', ...controls)).version).toBe(version);
  });
});

describe('from the chat template', () => {
  test.each([
    ['mistral-v3-tekken', V7, 'v3'],
    ['mistral-v7', V7, 'v7'],
    ['{{ "[MODEL_SETTINGS]" }} [ARGS]', V15, 'v15'],
    ['[SYSTEM_PROMPT] [TOOL_CALLS] [CALL_ID] [ARGS]', V13, 'v11'],
    ['[SYSTEM_PROMPT] [TOOL_CALLS] [ARGS] [THINK]', V13, 'v13'],
    ['[SYSTEM_PROMPT] [TOOL_CONTENT] call_id', V7, 'v7'],
    ['[INST] {"content": 1, "call_id": 2}', V7, 'v3'],
  ])('%s', (chatTemplate, controls, version) => {
    const detected = detectVersion({chatTemplate}, vocabulary('tekken', ...controls));
    expect(detected.version).toBe(version);
    expect(detected.reason).toContain('chat template');
  });
});

test('the strongest clue wins', () => {
  const clues: VersionClues = {
    flag: 'v15',
    ownKey: 'v3',
    tokenizerFile: {name: 'tekken.json', version: 'v7'},
    chatTemplate: '[SYSTEM_PROMPT] [ARGS] [CALL_ID]',
    names: ['Magistral'],
  };
  const tokenizer = vocabulary('tekken', ...V13);
  const detect = (more: VersionClues) => detectVersion({...clues, ...more}, tokenizer);
  const without = {flag: undefined, ownKey: undefined, tokenizerFile: undefined, chatTemplate: undefined};
  expect(detect({})).toEqual({version: 'v15', reason: 'as asked for'});
  expect(detect({flag: undefined}).version).toBe('v3');
  expect(detect({flag: undefined, ownKey: undefined})).toEqual({
    version: 'v7',
    reason: 'the tokenizer file tekken.json says so',
  });
  expect(detect({...without, chatTemplate: clues.chatTemplate}).version).toBe('v11');
  expect(detect(without)).toEqual({
    version: 'v13',
    reason: 'models named like "Magistral" use it, and the vocabulary allows it',
  });
});

test('a clue the vocabulary contradicts is passed over', () => {
  const tokenizer = vocabulary('spm', ...V3);
  expect(detectVersion({ownKey: 'v13', chatTemplate: 'mistral-v7', names: ['Magistral']}, tokenizer).version).toBe(
    'v3',
  );
  expect(detectVersion({ownKey: 'v99'}, tokenizer).version).toBe('v3');
});

test.each([
  ['v3', 'v3'],
  ['v7m1', 'v7'],
  ['v5', undefined],
  ['toString', undefined],
])('version text %s', (text, version) => {
  expect(parseVersion(text)).toBe(version);
});
