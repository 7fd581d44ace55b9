// A version that this program has never heard of is one row: everything that tells versions apart works for it.

import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {Command} from 'commander';
import {expect, test} from 'vitest';
import {atOnce} from '../../../src/base/in-turns.ts';
import {addEngineOptions} from '../../../src/commands/options.ts';
import {run} from '../../../src/commands/program.ts';
import {addTokenizeCommand} from '../../../src/commands/tokenize/tokenize.ts';
import {versionJson} from '../../../src/commands/version.ts';
import {TEMPLATES, type TemplateRow, type TemplateVersion} from '../../../src/engine/contract/templates.ts';
import {chatTemplate} from '../../../src/engine/convert/vocabulary/jinja-template.ts';
import {abilitiesOf} from '../../../src/engine/template/abilities.ts';
import {requestGrammar} from '../../../src/engine/template/encode/answer-grammar.ts';
import {encodeChat} from '../../../src/engine/template/encode/encode-chat.ts';
import {encodeFim} from '../../../src/engine/template/encode/encode-fim.ts';
import {loadTokenizer} from '../../../src/engine/template/load-tokenizer.ts';
import {OutputParser} from '../../../src/engine/template/parse/output-parser.ts';
import {historyToSend} from '../../../src/engine/template/resend-history.ts';
import {detectTemplate, parseVersion, stated} from '../../../src/engine/template/version/detect.ts';
import {fakeIo} from '../../fakes/io.ts';
import {toyTokenizer} from '../../fakes/toy-tokenizer.ts';
import {folderWith} from '../../fixtures/folder.ts';
import {ggufBytes} from '../../fixtures/gguf.ts';
import {mistralMetadata, wordsOf} from '../../fixtures/mistral-words.ts';
import {ministral3Folder} from '../../fixtures/tiny-families.ts';
import {tekkenFile} from '../../fixtures/tiny-folder.ts';
import {tekkenSpecials} from '../../fixtures/vocabularies.ts';

const v99 = 'v99' as TemplateVersion;
/** Unlike every other: v15's settings and thoughts with v11's calls, tools at the end, a token of its own. */
const row: TemplateRow = {
  ...TEMPLATES.v15,
  needs: ['[INST]', '[V99]'],
  sign: '[V99]',
  mark: {has: '[V99]'},
  controls: ['[V99]'],
  names: /future/,
  availableTools: 'last-user',
  toolCalls: 'args-id',
  toolResults: 'id-text',
};
(TEMPLATES as Record<string, TemplateRow>).v99 = row;

const named: Readonly<Record<number, string>> = {
  33: '[CALL_ID]',
  37: '[MODEL_SETTINGS]',
  38: '[/MODEL_SETTINGS]',
  39: '[V99]',
};
const specials = tekkenSpecials.map((text, id) => named[id] ?? text);
const vocabulary = (...names: string[]) => wordsOf('tekken', names);
const all = vocabulary(...specials.slice(3));
const toy = toyTokenizer();
const text = (tokens: readonly number[]) => tokens.map((token) => toy.piece(token)).join('');

test('commands name it and take it', async () => {
  const command = new Command().exitOverride();
  addEngineOptions(command);
  expect(command.parse(['--template', 'v99'], {from: 'user'}).opts().template).toBe('v99');
  const tokenize = new Command().exitOverride();
  addTokenizeCommand(tokenize, fakeIo());
  expect(tokenize.options.find(({long}) => long === '--template')?.argChoices).toContain('v99');
  expect(JSON.parse(await versionJson()).templates).toEqual(['v1', 'v2', 'v3', 'v7', 'v11', 'v13', 'v15', 'v99']);
});

test('it is found in a tokenizer file, a chat template, the own key of a model file and a vocabulary', () => {
  expect(parseVersion('v99m1')).toBe('v99');
  const marked = "{% bad %}{{ '[INST]' '[/INST]' '[V99]' }}";
  expect(detectTemplate({chatTemplate: marked}, all)).toMatchObject({version: 'v99', confidence: 'likely'});
  expect(detectTemplate({chatTemplate: 'mistral-v99-tekken'}, all)).toMatchObject({version: 'v99', confidence: 'sure'});
  expect(detectTemplate({ownKey: 'v99'}, all).version).toBe('v99');
  expect(detectTemplate({}, all)).toMatchObject({version: 'v99', confidence: 'guess'});
  expect(detectTemplate({names: ['a future model']}, all)).toMatchObject({version: 'v99', confidence: 'likely'});
  expect(detectTemplate({}, vocabulary('[INST]', '[MODEL_SETTINGS]')).version).toBe('v15');
});

test('a model file has it by its own key, its chat template, its vocabulary; by the token even where that is typed as text', () => {
  const metadata = mistralMetadata('tekken-v15');
  const tokens = metadata['tokenizer.ggml.tokens'] as {strings: string[]};
  const types = metadata['tokenizer.ggml.token_type'] as {i32s: number[]};
  const file = (more = {}) =>
    join(
      folderWith({
        'm.gguf': ggufBytes({
          ...metadata,
          'tokenizer.ggml.tokens': {strings: [...specials, ...tokens.strings.slice(specials.length)]},
          'tokenizer.ggml.token_type': {i32s: types.i32s.map((type, id) => (id === 39 ? 1 : type))},
          ...more,
        }),
      }),
      'm.gguf',
    );
  const bare = loadTokenizer(file());
  expect([bare.version, bare.tokenizer.controlId('[V99]')]).toEqual(['v99', 39]);
  expect(loadTokenizer(file({'mistral.tokenizer.version': 'v99'})).versionReason).toContain(
    'mistral.tokenizer.version',
  );
});

test('a folder is converted, inspected and opened in it', async () => {
  const folder = folderWith({...ministral3Folder(), 'tekken.json': tekkenFile('v99', specials)});
  const out = join(folder, 'out.gguf');
  expect(await run('mistral', ['convert', folder, '--out', out, '--workers', '0'], fakeIo())).toBe(0);
  for (const path of [folder, out]) {
    const io = fakeIo();
    expect(await run('mistral', ['inspect', path, '--json'], io)).toBe(0);
    expect(JSON.parse(io.out()).tokenizer).toMatchObject({template: 'v99', fim: true, tools: true, reasoning: true});
  }
  expect(loadTokenizer(out).version).toBe('v99');
  writeFileSync(join(folder, 'tekken.json'), tekkenFile('v99m1', specials));
  expect(loadTokenizer(join(folder, 'tekken.json')).version).toBe('v99');
  expect(chatTemplate(v99)).toContain('template v99 knows no role');
  expect(chatTemplate(v99)).toContain("'[CALL_ID]'");
});

test('prompts, answers and grammars have its form', () => {
  const tools = [{name: 'f', description: '', parameters: new Map()}];
  const messages = [
    {role: 'system', content: 'S'},
    {role: 'user', content: 'a'},
    {role: 'assistant', content: 'b', toolCalls: [{id: 'abcdefghi', name: 'f', arguments: '{}'}]},
    {role: 'tool', content: 'c', toolCallId: 'abcdefghi'},
    {role: 'user', content: 'd'},
  ] as const;
  const request = {messages, tools, sampling: {temperature: 0}, reasoningEffort: 'high'} as const;
  expect(text(encodeChat(request, toy, v99).tokens)).toBe(
    '<s>[SYSTEM_PROMPT]S[/SYSTEM_PROMPT][INST]a[/INST]b[TOOL_CALLS]f[CALL_ID]abcdefghi[ARGS]{}</s>' +
      '[TOOL_RESULTS]abcdefghi[TOOL_CONTENT]c[/TOOL_RESULTS][AVAILABLE_TOOLS][{"type": "function", "function": ' +
      '{"name": "f", "description": "", "parameters": {}}}][/AVAILABLE_TOOLS]' +
      '[MODEL_SETTINGS]{"reasoning_effort": "high"}[/MODEL_SETTINGS][INST]d[/INST]',
  );
  expect(text(encodeFim({prompt: 'a', suffix: ''}, toy, v99).tokens)).toBe('<s>[SUFFIX][PREFIX]a');
  expect(historyToSend(messages, v99)).toEqual(messages);
  expect(abilitiesOf(toy, stated(v99, 'a test'))).toEqual({chat: true, fim: true, tools: true, reasoning: true});
  const {grammar} = atOnce(requestGrammar({...request, toolChoice: 'any'}, toy, v99));
  expect(grammar?.gbnf).toContain('<[33]>');
  const parser = new OutputParser(toy, v99, {tools});
  const written = [9, ...toy.encode('f'), 33, ...toy.encode('abcdefghi'), 32, ...toy.encode('{}'), 2];
  const events = [...written.flatMap((token) => parser.push(token)), ...parser.end('stop').events];
  expect(events).toEqual([{type: 'tool_call', call: {id: 'abcdefghi', name: 'f', arguments: '{}'}}]);
});

test('a row without tools gives none away, wherever its markers stand', () => {
  (TEMPLATES as Record<string, TemplateRow>).v99 = {...row, availableTools: 'none', systemPrompt: 'first-user'};
  try {
    const tools = [{name: 'f', description: '', parameters: new Map()}];
    const messages = [
      {role: 'system', content: 'S'},
      {role: 'user', content: 'a'},
    ] as const;
    const request = {messages, tools, sampling: {temperature: 0}, reasoningEffort: 'high'} as const;
    expect(text(encodeChat(request, toy, v99).tokens)).toBe(
      '<s>[MODEL_SETTINGS]{"reasoning_effort": "high"}[/MODEL_SETTINGS][INST]S\n\na[/INST]',
    );
    expect(chatTemplate(v99)).toContain(`'[INST]' + (state.system if loop.index0 == state.first else '')`);
  } finally {
    (TEMPLATES as Record<string, TemplateRow>).v99 = row;
  }
});

test('no two rows are told apart by the same thing', () => {
  const rows = Object.values(TEMPLATES);
  for (const column of ['sign', 'mark', 'names'] as const) {
    const set = rows.flatMap((one) => (one[column] === undefined ? [] : [JSON.stringify(one[column], regExp)]));
    expect(new Set(set).size).toBe(set.length);
  }
});
const regExp = (_key: string, value: unknown) => (value instanceof RegExp ? value.source : value);

test('a version that has no row is refused by name, and never written as another', async () => {
  const folder = folderWith({...ministral3Folder(), 'tekken.json': tekkenFile('v98', specials)});
  const out = join(folderWith({}), 'out.gguf');
  const io = fakeIo();
  expect(await run('mistral', ['convert', folder, '--out', out, '--workers', '0'], io)).toBe(0);
  expect(io.err()).toContain('tekken.json is for template v98, which this program does not know');
  const error = {code: 'model_unsupported', message: `${out} is for template v98, which this program does not know`};
  expect(() => loadTokenizer(out)).toThrow(expect.objectContaining(error));
  expect(loadTokenizer(out, 'v13').version).toBe('v13');
});
