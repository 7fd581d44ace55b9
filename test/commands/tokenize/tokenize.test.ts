import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, describe, expect, test} from 'vitest';
import {run} from '../../../src/commands/program.ts';
import {fakeIo} from '../../fakes/io.ts';
import {toyTekken} from '../../fakes/toy-tokenizer.ts';
import {spmFile, spmPieces, tekkenJson} from '../../fixtures/vocabularies.ts';

const folder = mkdtempSync(join(tmpdir(), 'tokenize-'));
afterAll(() => rmSync(folder, {recursive: true}));
const file = (name: string, content: string | Uint8Array) => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const v3 = file('tokenizer.model.v3', spmFile(spmPieces()));
const v13 = file('tekken.json', tekkenJson());
const hello = {messages: [{role: 'user', content: 'the cat'}]};

async function tokenize(argv: readonly string[], stdin: string | Uint8Array = '', env: NodeJS.ProcessEnv = {}) {
  const io = fakeIo(typeof stdin === 'string' ? stdin : [stdin], env);
  const code = await run('mistral', ['tokenize', ...argv], io);
  return {code, out: io.out(), err: io.err()};
}

/** Answers of `--jsonl` or `--decode` to these lines; objects are written as JSON. */
async function answers(flag: string, model: string, lines: readonly unknown[]): Promise<unknown[]> {
  const stdin = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');
  const {code, out} = await tokenize([model, flag], stdin);
  expect(code).toBe(0);
  return out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

describe('one input', () => {
  test('a text is listed with ids and pieces, the template and its reason on stderr', async () => {
    const {code, out, err} = await tokenize([v3, '--text', 'the\tcat']);
    expect(code).toBe(0);
    expect(out).toBe('   276  ▁the\n    24  <0x09>\n   416  c\n   278  at\n');
    expect(err).toBe('template v3: the tokenizer file tokenizer.model.v3 says so; 4 tokens\n');
  });

  test('--json is one object', async () => {
    const {out, err} = await tokenize([v13, '--text', 'the cat', '--template', 'v11', '--json']);
    const {ids, pieces, version, version_reason: reason} = JSON.parse(out);
    expect([pieces, version, reason, err]).toEqual([['t', 'he', ' cat'], 'v11', 'as asked for', '']);
    expect(ids).toHaveLength(3);
  });

  test('a request and a fill-in-the-middle request come from a file or stdin, the model from the environment', async () => {
    const chat = await tokenize([v3, '--request', file('r.json', JSON.stringify(hello)), '--json']);
    expect(JSON.parse(chat.out).pieces).toEqual(['<s>', '[INST]', '▁the', '▁cat', '[/INST]']);
    const fim = await tokenize(['--fim', '-', '--json'], '{"prompt": "the", "suffix": "cat"}', {MISTRAL_MODEL: v3});
    expect(JSON.parse(fim.out).pieces).toEqual(['<s>', '[SUFFIX]', 'c', 'at', '[PREFIX]', '▁the']);
  });

  test('escape sequences in a piece do not reach the terminal', async () => {
    const {out} = await tokenize([v13, '--text', '\u001b[2J\u009b']);
    expect(out).not.toMatch(/[\u001b\u0080-\u009f]/);
  });

  test.each([
    [[v3], 2, 'nothing to tokenize'],
    [[v3, '--text', 'a', '--jsonl'], 2, 'several inputs at once'],
    [[v3, '--text', 'a', '--template', 'v4'], 2, "'v4' is invalid"],
    [[join(folder, 'absent'), '--text', 'a'], 3, 'there is no file, folder or fetched model'],
    [[v3, '--request', join(folder, 'absent')], 1, 'absent'],
    [[v3, '--request', file('bad.json', '{"messages": 3}')], 2, 'messages'],
    [[v3, '--request', file('no.json', 'hello')], 2, ''],
    [[v3, '--request', file('empty.json', '{"messages": []}')], 2, 'Conversation'],
  ])('%j ends with %i', async (argv, code, message) => {
    const result = await tokenize(argv);
    expect(result.code).toBe(code);
    expect(result.err.toLowerCase()).toContain(message.toLowerCase());
    expect(result.out).toBe('');
  });
});

describe('--jsonl', () => {
  test('every line is answered under its own id, whatever the lines before it were', async () => {
    const lines = [
      {id: 'a', text: 'the cat'},
      '',
      {id: {deep: [1.5]}, request: hello},
      'not json',
      '[1]',
      {id: 2},
      {id: 3, text: 'a', fim: {}},
      {id: 4, text: 5},
      {id: 5, request: {messages: []}},
      {id: 6, request: hello, max_model_input_len: 'x'},
      {text: ''},
    ];
    expect(await answers('--jsonl', v3, lines)).toEqual([
      {id: 'a', tokens: [276, 293]},
      {id: {deep: [1.5]}, tokens: [1, 3, 276, 293, 4]},
      {id: null, error: {code: 'invalid_request', message: expect.any(String)}},
      {id: null, error: {code: 'invalid_request', message: 'the line is no JSON object'}},
      {id: 2, error: {code: 'invalid_request', message: expect.stringContaining('exactly one of')}},
      {id: 3, error: {code: 'invalid_request', message: expect.stringContaining('exactly one of')}},
      {id: 4, error: {code: 'invalid_request', message: '"text" must be a string', param: 'text'}},
      {id: 5, error: expect.objectContaining({code: 'InvalidMessageStructureException'})},
      {id: 6, error: expect.objectContaining({param: 'max_model_input_len'})},
      {id: null, tokens: []},
    ]);
  });

  test('an id is echoed as it was written', async () => {
    const {out} = await tokenize([v3, '--jsonl'], '{"id": 12345678901234567890.10, "text": ""}\n');
    expect(out).toBe('{"id":12345678901234567890.10,"tokens":[]}\n');
  });

  test('the longest input is passed on to truncation', async () => {
    const messages = ['a', 'b', 'c'].flatMap((content) => [
      {role: 'user', content},
      {role: 'assistant', content},
    ]);
    const request = {messages: messages.slice(0, 5), truncate_for_context_length: true};
    const v7 = file('v7-tekken.json', tekkenJson('v7'));
    const [short, missing] = await answers('--jsonl', v7, [
      {id: 1, request, max_model_input_len: 8},
      {id: 2, request},
    ]);
    expect(short).toEqual({id: 1, tokens: [1, 3, 40 + 98, 4, 40 + 98, 2, 3, 40 + 99, 4]});
    expect(missing).toMatchObject({error: {code: 'TokenizerException'}});
  });

  test('a line that is no UTF-8 is refused and the next one answered', async () => {
    const bytes = Buffer.concat([
      Buffer.from('{"id": 1, "text": "'),
      Buffer.from([0xff]),
      Buffer.from('"}\n{"id": 2, "text": "the"}'),
    ]);
    const {out} = await tokenize([v3, '--jsonl'], bytes);
    expect(
      out
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      {id: 1, error: {code: 'invalid_request', message: 'the line is not valid UTF-8'}},
      {id: 2, tokens: [276]},
    ]);
  });

  test('a line of a megabyte is answered', async () => {
    const [answer] = (await answers('--jsonl', v3, [{id: 1, text: 'the'.repeat(400_000)}])) as [{tokens: number[]}];
    expect(answer.tokens).toHaveLength(799_999);
  });
});

describe('--decode', () => {
  test('ids become the text and the message they stand for', async () => {
    const [call] = [9];
    const bytes = (text: string) => [...Buffer.from(text)].map((byte) => 40 + byte);
    const lines = [
      {id: 1, ids: [...bytes('Hi ☺'), 2]},
      {id: 2, ids: [35, ...bytes('hm'), 36, ...bytes('ok'), call, ...bytes('f'), 32, ...bytes('{"a": 1}'), 2]},
      {id: 3, ids: [call, ...bytes('f'), 32, ...bytes('{"a')]},
      {id: 4, ids: []},
    ];
    const message = {content: '', reasoning: '', tool_calls: []};
    const f = {id: expect.stringMatching(/^\w{9}$/), type: 'function', function: {name: 'f', arguments: '{"a": 1}'}};
    expect(await answers('--decode', v13, lines)).toEqual([
      {id: 1, text: 'Hi ☺', message: {...message, content: 'Hi ☺'}},
      {id: 2, text: 'hmokf{"a": 1}', message: {content: 'ok', reasoning: 'hm', tool_calls: [f]}},
      {id: 3, text: 'f{"a', message, incomplete: 'f{"a'},
      {id: 4, text: '', message},
    ]);
  });

  test('the tools and the prompt of an answer settle what it means', async () => {
    const bytes = (text: string) => [...Buffer.from(text)].map((byte) => 40 + byte);
    const tools = [{type: 'function', function: {name: 'f', parameters: {}}}];
    const name = [9, ...bytes('f'), 2];
    const thought = [...bytes('hm'), 36, ...bytes('ok'), 2];
    const [alone, called, unbegun, begun, odd] = await answers('--decode', v13, [
      {id: 1, ids: name},
      {id: 2, ids: name, tools},
      {id: 3, ids: thought},
      {id: 4, ids: thought, prompt: [1, 3, 4, 35]},
      {id: 5, ids: thought, prompt: ['x']},
    ]);
    expect(alone).toMatchObject({message: {content: 'f', tool_calls: []}});
    expect(called).toMatchObject({message: {content: '', tool_calls: [{function: {name: 'f', arguments: '{}'}}]}});
    for (const line of [unbegun, begun]) expect(line).toMatchObject({message: {content: 'ok', reasoning: 'hm'}});
    expect(odd).toMatchObject({error: {message: expect.stringContaining('"prompt" must be a list')}});
  });

  test.each([[[-1]], [['1']], [[1.5]], [[1_000_000]], ['1'], [undefined]])('ids %j are refused', async (ids) => {
    const [answer] = await answers('--decode', v13, [{id: 7, ids}]);
    expect(answer).toMatchObject({id: 7, error: {code: 'invalid_request'}});
  });
});

describe('model settings', () => {
  const builder = {
    reasoning_effort: {type: 'enum', values: ['none', 'ultra'], default: 'none'},
    verbosity: {type: 'enum', values: ['brief', 'full'], default: 'brief'},
  };
  const v15 = file('tekken-v15.json', toyTekken('v15', builder));
  const body = file('hello.json', JSON.stringify(hello));
  const block = (out: string) =>
    /\[MODEL_SETTINGS\](.*)\[\/MODEL_SETTINGS\]/.exec(JSON.parse(out).pieces.join(''))?.[1];

  test('of the file are told and written; --setting chooses others', async () => {
    const plain = await tokenize([v15, '--request', body, '--json']);
    expect(block(plain.out)).toBe('{"reasoning_effort": "none", "verbosity": "brief"}');
    expect(JSON.parse(plain.out)).toMatchObject({
      settings: [{name: 'reasoning_effort'}, {name: 'verbosity', default: 'brief'}],
    });
    const chosen = await tokenize([
      v15,
      '--request',
      body,
      '--json',
      '--setting',
      'verbosity=full',
      '--setting',
      'reasoning_effort=ultra',
    ]);
    expect(block(chosen.out)).toBe('{"reasoning_effort": "ultra", "verbosity": "full"}');
    const effort = await tokenize([v15, '--request', body, '--json', '--reasoning-effort', 'ultra']);
    expect(block(effort.out)).toBe('{"reasoning_effort": "ultra", "verbosity": "brief"}');
    expect((await tokenize([v15, '--request', body])).err).toContain(
      'note: model settings: efforts none, ultra (default none); also takes verbosity: brief, full (brief)\n',
    );
  });

  test('that are wrong are told with what there is', async () => {
    const wrong = await tokenize([v15, '--request', body, '--setting', 'verbosity=loud']);
    expect(wrong).toMatchObject({code: 2, out: ''});
    expect(wrong.err).toContain('takes for verbosity the values brief, full, not loud');
    expect(await tokenize([v15, '--request', body, '--setting', 'verbosity'])).toMatchObject({code: 2});
    const much = await tokenize([v15, '--request', body, '--reasoning-effort', 'max']);
    expect(much).toMatchObject({code: 2, out: ''});
    expect(much.err).toContain('takes for reasoning_effort the values none, ultra, not max');
    const early = await tokenize([v13, '--text', 'the cat', '--reasoning-effort', 'high']);
    expect(early).toMatchObject({code: 2, out: ''});
    expect(early.err).toContain('This model has no levels of reasoning effort.');
    const none = await tokenize([v13, '--request', body, '--setting', 'verbosity=full']);
    expect(none.err).toContain('This model takes no model settings.');
  });

  test('that a file should name and does not: chats are refused, texts are not', async () => {
    const silent = file('tekken-silent.json', tekkenJson('v15'));
    const {code, err} = await tokenize([silent, '--request', body]);
    expect({code, err}).toMatchObject({code: 2, err: expect.stringContaining('--template v13')});
    expect((await tokenize([silent, '--text', 'the cat'])).code).toBe(0);
  });
});
