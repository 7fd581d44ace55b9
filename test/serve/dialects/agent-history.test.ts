import {expect, test} from 'vitest';
import type {Message} from '../../../src/engine/contract/requests.ts';
import {fittedHistory, placeSystemMessages} from '../../../src/serve/dialects/fitted-history.ts';
import {offeredName} from '../../../src/serve/dialects/offered-names.ts';
import {ScriptedBackend} from '../../fakes/scripted-backend.ts';
import {serverOn} from '../server.ts';

const HISTORY = [
  {role: 'user', content: 'a'},
  {role: 'assistant', content: ''},
  {role: 'user', content: 'b'},
];
const toldIn = (headers: Record<string, unknown>) => decodeURIComponent(String(headers['x-mistral-warnings'] ?? ''));

test.each(['/v1/chat/completions', '/chat/completions'])(
  '%s passes over an effort and an empty answer, and tells it',
  async (url) => {
    const {post, backend} = await serverOn(new ScriptedBackend(['ok'], {efforts: {levels: []}}));
    const reply = await post(url, {messages: HISTORY, reasoning_effort: 'high'});
    expect(reply.status).toBe(200);
    expect(toldIn(reply.headers)).toBe(
      "reasoning effort 'high': this model has no levels of effort; 1 empty assistant message of the history left out",
    );
    const [request] = backend.requests;
    expect(request).toMatchObject({messages: [{content: 'a'}, {content: 'b'}]});
    expect(request !== undefined && 'reasoningEffort' in request).toBe(false);
  },
);

test.each([
  ['none', ''],
  ['minimal', ''],
  ['low', "reasoning effort 'low': this model has no levels of effort"],
])('effort %s on a model without levels is told as %j, in a stream too', async (effort, expected) => {
  const {post} = await serverOn(new ScriptedBackend(['ok'], {efforts: {levels: []}}));
  const reply = await post('/v1/responses', {input: 'x', reasoning: {effort}, stream: true});
  expect(reply.status).toBe(200);
  expect(toldIn(reply.headers)).toBe(expected);
});

test('an effort the model may have is passed on', async () => {
  for (const efforts of [{levels: ['none', 'high']}, undefined]) {
    const {post, backend} = await serverOn(new ScriptedBackend(['ok'], efforts && {efforts}));
    await post('/v1/responses', {input: 'x', reasoning: {effort: 'low'}});
    expect(backend.requests[0]).toMatchObject({reasoningEffort: 'low', nearestEffort: true});
  }
});

test('text beside calls is left out where the template has no form for both, and told', () => {
  const call = {id: 'aaaaaaaaa', name: 'f', arguments: '{}'};
  const messages: Message[] = [
    {role: 'user', content: 'x'},
    {role: 'assistant', content: 'I look.', toolCalls: [call]},
    {role: 'tool', content: 'r', toolCallId: call.id},
  ];
  const {messages: sent, told} = fittedHistory(messages, 'v3');
  expect(sent[1]).toEqual({role: 'assistant', toolCalls: [call]});
  expect(told).toEqual(['the text beside the tool calls of 1 assistant message left out']);
  expect(fittedHistory(messages, 'v13')).toEqual({messages, told: []});
});

test('thoughts are left out where the template has none', () => {
  const content = [
    {type: 'thinking', thinking: 'hm', closed: true},
    {type: 'text', text: 'four'},
  ] as const;
  const messages: Message[] = [
    {role: 'user', content: 'x'},
    {role: 'assistant', content},
    {role: 'user', content: 'y'},
  ];
  const {messages: sent, told} = fittedHistory(messages, 'v3');
  expect(sent[1]).toEqual({role: 'assistant', content: [{type: 'text', text: 'four'}]});
  expect(told).toEqual(['the thoughts of 1 assistant message left out']);
});

const system = (content: string): Message => ({role: 'system', content});
const user = (content: string): Message => ({role: 'user', content});
const answer: Message = {role: 'assistant', content: 'ok'};
const result: Message = {role: 'tool', content: 'r'};

test.each([
  [
    [user('x'), system('S')],
    [system('S'), user('x')],
  ],
  [
    [user('x'), system('S'), system('T')],
    [system('S'), system('T'), user('x')],
  ],
  [
    [user('x'), answer, user('y'), system('S')],
    [user('x'), answer, user('S'), user('y')],
  ],
  [
    [user('x'), answer, result, system('S')],
    [user('x'), answer, result, user('S')],
  ],
  [
    [user('x'), answer, system('S'), user('y')],
    [user('x'), answer, user('S'), user('y')],
  ],
  [
    [system('A'), system('B'), user('x')],
    [system('A'), system('B'), user('x')],
  ],
] as const)('system messages of %j', (given, placed) => {
  expect(placeSystemMessages(given)).toEqual(placed);
});

test('names: short ones stay, long ones keep their beginning and differ by their end', () => {
  expect(offeredName({name: 'read', namespace: 'fs'})).toBe('fs__read');
  const long = 'x'.repeat(70);
  const names = [offeredName({name: `${long}1`}), offeredName({name: `${long}2`})];
  expect(names.map((name) => name.length)).toEqual([64, 64]);
  expect(names[0]).not.toBe(names[1]);
});
