import {expect, test} from 'vitest';
import {answerWithCommands, readToolsFlags, showCalls} from '../../../src/commands/tools/run-tools.ts';
import type {ParsedToolCall} from '../../../src/engine/contract/backend.ts';
import type {ChatCompletionRequest} from '../../../src/engine/contract/requests.ts';
import {type FakeIo, fakeIo} from '../../fakes/io.ts';
import {answering, type ScriptedAnswer, ScriptedBackend} from '../../fakes/scripted-backend.ts';
import {folderWith} from '../../fixtures/folder.ts';

const TOOLS = JSON.stringify([{name: 'add', description: 'Add', parameters: {type: 'object', properties: {}}}]);
const call: ParsedToolCall = {id: 'abcDEF123', name: 'add', arguments: '{"a": 1.0, "b": 2}'};
const FLAGS = {prompt: ['Add'], toolChoice: 'auto', timeout: 10};

function read(flags: object = {}, tools = TOOLS) {
  const file = `${folderWith({'tools.json': tools})}/tools.json`;
  return readToolsFlags(fakeIo(), {...FLAGS, tools: file, ...flags}, {temperature: 0});
}

async function show(io: FakeIo, answer: ScriptedAnswer | string, flags: {json?: true; showThinking?: true} = {}) {
  const {request} = await read();
  await showCalls(io, new ScriptedBackend(answering(() => answer)), request, flags);
}

async function execute(io: FakeIo, command: string, answers: readonly (ScriptedAnswer | string)[], flags: object = {}) {
  const {request, commands} = await read({exec: [command], ...flags});
  const backend = new ScriptedBackend(answering((_request, i) => answers[Math.min(i, answers.length - 1)] ?? ''));
  const done = answerWithCommands(io, backend, request, commands, {...FLAGS, ...flags});
  return {done, requests: backend.requests as readonly ChatCompletionRequest[]};
}

test('the flags become a request with the tools, the choice and the messages', async () => {
  const {request, commands} = await read({system: 'Be brief.', toolChoice: 'add', exec: ['add=cat']});
  expect(request).toMatchObject({
    messages: [
      {role: 'system', content: 'Be brief.'},
      {role: 'user', content: 'Add'},
    ],
    tools: [{name: 'add', description: 'Add'}],
    toolChoice: {name: 'add'},
  });
  expect(commands).toEqual([{name: 'add', line: 'cat'}]);
  expect((await read({toolChoice: 'required'})).request.toolChoice).toBe('any');
});

test.each([
  [{}, '{', 'is not a list of tools: Not valid JSON'],
  [{}, '{"a": 1}', 'is not a list of tools'],
  [{}, '[{"name": 1}]', 'tools[0].name must be a string'],
  [{toolChoice: 'sub'}, TOOLS, '--tool-choice: there is no tool sub'],
  [{exec: ['sub=cat']}, TOOLS, '--exec: there is no tool sub'],
])('%j with the tools %s is refused', async (flags, tools, message) => {
  await expect(read(flags, tools)).rejects.toMatchObject({exitCode: 2, message: expect.stringContaining(message)});
});

test('what a schema asks for and nothing enforces is a note', async () => {
  const parameters = {type: 'object', properties: {at: {type: 'array', uniqueItems: true}}};
  const file = `${folderWith({'tools.json': JSON.stringify([{name: 'f', description: '', parameters}])})}/tools.json`;
  const io = fakeIo();
  await readToolsFlags(io, {...FLAGS, tools: file}, {temperature: 0});
  expect(io.err()).toBe(`note: ${file}: f#/properties/at/uniqueItems: "uniqueItems" is not enforced\n`);
});

test('calls are printed as JSON, their arguments as the model wrote them', async () => {
  const io = fakeIo();
  await show(io, {calls: [call, {...call, id: 'abcDEF124', problem: 'cut off'}], text: ' So. '});
  expect(io.out()).toBe(
    '[{"id": "abcDEF123", "name": "add", "arguments": {"a": 1.0, "b": 2}}, ' +
      '{"id": "abcDEF124", "name": "add", "arguments": "{\\"a\\": 1.0, \\"b\\": 2}", "problem": "cut off"}]\n',
  );
  expect(io.err()).toBe('note: the model said: So.\n');
});

test('no call is an empty list, --json the whole answer', async () => {
  const io = fakeIo();
  await show(io, 'Four.');
  expect(io.out()).toBe('[]\n');
  const json = fakeIo();
  await show(json, {calls: [call]}, {json: true});
  expect(JSON.parse(json.out())).toMatchObject({finish_reason: 'tool_calls', tool_calls: [{function: {name: 'add'}}]});
});

test('a command gets the arguments, the model its output, and the shell the final answer', async () => {
  const io = fakeIo();
  const {done, requests} = await execute(io, 'add=cat', [{calls: [call]}, 'It is 3.'], {toolChoice: 'any'});
  await done;
  expect(io.out()).toBe('It is 3.\n');
  expect(io.err()).toBe('add {"a": 1.0, "b": 2} -> {"a": 1.0, "b": 2}\n');
  expect(requests.map(({toolChoice}) => toolChoice)).toEqual(['any', 'auto']);
  expect(requests[1]?.messages.slice(1)).toEqual([
    {role: 'assistant', toolCalls: [call]},
    {role: 'tool', content: '{"a": 1.0, "b": 2}', toolCallId: 'abcDEF123', name: 'add'},
  ]);
});

test('a failing command is told to the model and is the exit code, after the answer', async () => {
  const io = fakeIo();
  const {done, requests} = await execute(io, 'add=false', [{calls: [call]}, 'Sorry.']);
  await expect(done).rejects.toMatchObject({exitCode: 5, message: 'calls failed: add'});
  expect(io.out()).toBe('Sorry.\n');
  expect(requests[1]?.messages.at(-1)).toMatchObject({role: 'tool', content: expect.stringContaining('exit code 1')});
});

test('a call without a command fails and names the tool', async () => {
  const io = fakeIo();
  const {done} = await execute(io, 'add=cat', [{calls: [{...call, name: 'sub'}]}, 'Sorry.']);
  await expect(done).rejects.toMatchObject({code: 'tool_failed'});
  expect(io.err()).toContain('no command is set for sub');
});

test('a model that never stops calling is stopped', async () => {
  const {done} = await execute(fakeIo(), 'add=cat', [{calls: [call]}]);
  await expect(done).rejects.toThrow('kept calling tools');
});

test('thoughts are shown on stderr where they are asked for', async () => {
  const io = fakeIo();
  await show(io, {reasoning: 'I add.\nThen', calls: [call]}, {showThinking: true});
  expect(io.err()).toBe('I add.\nThen\n');
  const silent = fakeIo();
  await show(silent, {reasoning: 'I add.', calls: [call]});
  expect(silent.err()).toBe('');
});

test.each([
  [{}, ['thinking', 'text']],
  [{dropThoughts: true}, ['text']],
] as const)('with %o the model is told of its own answer: %j', async (flags, told) => {
  const {request, commands} = await read({exec: ['add=echo 3']});
  const answers = [{reasoning: 'hm', text: 'So', calls: [call]}, 'Done.'];
  const script = answering((_request, index) => answers[index] ?? '');
  const backend = new ScriptedBackend(script, {template: 'v13'});
  await answerWithCommands(fakeIo(), backend, request, commands, {...FLAGS, ...flags});
  const [, second] = backend.requests as readonly ChatCompletionRequest[];
  const content = second?.messages.find(({role}) => role === 'assistant')?.content;
  expect(typeof content === 'object' && content.map(({type}) => type)).toEqual(told);
});
