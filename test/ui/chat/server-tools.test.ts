// Tools of servers in a chat: what is asked, what is remembered, what the model hears.
import {expect, test} from 'vitest';
import {EngineError} from '../../../src/base/errors.ts';
import type {Permission, ToolSource} from '../../../src/engine/mcp/tool-source.ts';
import {openChat} from '../../fakes/chat-face.ts';
import {answering, ScriptedBackend} from '../../fakes/scripted-backend.ts';

interface FakeSource extends ToolSource {
  permission: Permission;
  news: string[];
  readonly ran: string[];
}

/** Two tools of the server fs, `fs_a` and `fs_b`. */
function source(): FakeSource {
  const tools = ['fs_a', 'fs_b'].map((name) => ({name, description: 'Does it.', parameters: new Map()}));
  return {
    permission: 'ask',
    news: [],
    ran: [],
    tools,
    origin(name) {
      const [server = '', tool = ''] = name.split('_');
      return tools.some((one) => one.name === name) ? {server, tool, permission: this.permission} : undefined;
    },
    async refresh() {
      return this.news.splice(0);
    },
    list: () => ['fs: 2 tools'],
    async run({name}) {
      this.ran.push(name);
      if (name === 'fs_b') throw new EngineError('tool_failed', 'it broke');
      return 'done';
    },
  };
}

/** The model calls the tools it is told to, one a turn, and repeats the result. */
const calling = (...names: string[]) =>
  answering((request) => {
    const last = 'messages' in request ? request.messages.at(-1) : undefined;
    if (last?.role === 'tool') return `got ${JSON.stringify(last.content)}`;
    return {calls: [{id: 'abcDEF123', name: names.shift() ?? 'fs_a', arguments: '{"x": 1}'}]};
  });

const QUESTION =
  'pick: run fs_a?: 1 Yes, once | 2 Yes, and do not ask again for this tool in this chat | ' +
  '3 Yes, and do not ask again for this server in this chat | 4 No (the model is told) | 5 No, and stop the answer';

test('a call is shown with its server and asked for each time', async () => {
  const toolSource = source();
  const {say, face} = await openChat(calling(), {toolSource});
  face.choose = () => 0;
  const seen = await say('go');
  expect(seen).toContain('rows: calls a of the MCP server fs');
  expect(seen).toContain(QUESTION);
  expect(seen).toContain('result: done');
  expect(await say('go')).toContain(QUESTION);
  expect(toolSource.ran).toEqual(['fs_a', 'fs_a']);
});

test('a tool that is agreed to for the chat is not asked for again, another of its server is', async () => {
  const {say, face} = await openChat(calling('fs_a', 'fs_a', 'fs_b'), {toolSource: source()});
  face.choose = () => 1;
  expect(await say('go')).toContain(QUESTION);
  expect((await say('go')).filter((line) => line.startsWith('pick'))).toEqual([]);
  expect((await say('go')).filter((line) => line.startsWith('pick: run fs_b?'))).toHaveLength(1);
});

test('a server that is agreed to for the chat is not asked for again', async () => {
  const {say, face} = await openChat(calling('fs_a', 'fs_b'), {toolSource: source()});
  face.choose = () => 2;
  expect(await say('go')).toContain(QUESTION);
  const seen = await say('go');
  expect(seen.filter((line) => line.startsWith('pick'))).toEqual([]);
  expect(seen).toContain('result: Error: it broke');
});

test('a refusal is told to the model; one that stops ends the turn', async () => {
  const toolSource = source();
  const {say, face} = await openChat(calling(), {toolSource});
  face.choose = () => 3;
  expect(await say('go')).toContain('result: Error: the user refused this call');
  face.choose = () => 4;
  expect((await say('go')).at(-1)).toBe('end: aborted');
  face.choose = () => undefined;
  expect((await say('go')).at(-1)).toBe('end: aborted');
  expect(toolSource.ran).toEqual([]);
});

test('what is allowed or denied beforehand is not asked for', async () => {
  const toolSource = source();
  const {say} = await openChat(calling(), {toolSource});
  toolSource.permission = 'allow';
  const allowed = await say('go');
  expect(allowed).toContain('result: done');
  toolSource.permission = 'deny';
  const denied = await say('go');
  expect(denied).toContain('result: Error: The user has not allowed this call.');
  expect([...allowed, ...denied].filter((line) => line.startsWith('pick'))).toEqual([]);
  expect(toolSource.ran).toEqual(['fs_a']);
});

test('news of servers stand before the answer, and the tools go with the request', async () => {
  const toolSource = source();
  const {say, backend} = await openChat(['Hi'], {toolSource});
  toolSource.news.push('MCP server fs: 2 tools');
  expect(await say('go')).toEqual(['said: go', 'note: MCP server fs: 2 tools', 'begin', 'text: Hi', 'end: stop']);
  expect(backend.requests.map((request) => 'tools' in request && request.tools?.map(({name}) => name))).toEqual([
    ['fs_a', 'fs_b'],
  ]);
  const listed = (await say('/tools')).join('\n');
  expect(listed).toContain('MCP server fs: 2 tools');
  expect(listed).toContain('fs_a: MCP server fs (asks first). Does it.');
});

test('a model without tools is offered none, and that is told once', async () => {
  const backend = new ScriptedBackend(['Hi'], {supportsTools: false});
  const {say} = await openChat(undefined, {toolSource: source(), backend});
  expect(await say('go')).toContain('note: scripted does not support tools: those of MCP servers are not offered');
  expect(await say('go')).toEqual(['said: go', 'begin', 'text: Hi', 'end: stop']);
  expect(backend.requests.some((request) => 'tools' in request && request.tools !== undefined)).toBe(false);
});

test('after 20 rounds of calls the person is asked, and may have it go on', async () => {
  const toolSource = source();
  toolSource.permission = 'allow';
  const endless = answering(() => ({calls: [{id: 'abcDEF123', name: 'fs_a', arguments: '{}'}]}));
  const {say, face} = await openChat(endless, {toolSource});
  const answers = [0, 1];
  face.choose = () => answers.shift();
  const seen = await say('go');
  expect(seen.filter((line) => line.startsWith('pick'))).toEqual([
    'pick: 20 calls in a row: go on?: 1 Yes | 2 No, the answer ends here',
    'pick: 40 calls in a row: go on?: 1 Yes | 2 No, the answer ends here',
  ]);
  expect(toolSource.ran).toHaveLength(40);
  expect(seen.at(-1)).toBe('end: tool_calls');
});
