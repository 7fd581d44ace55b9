import {expect, test} from 'vitest';
import {longestTurn} from '../../fixtures/longest-turn.ts';
import {testServer} from '../server.ts';

const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({length: count}, (_, index) => make(index));
const user = {role: 'user', content: 'a'};
const chat = (more: object) => JSON.stringify({messages: [user], max_tokens: 2, ...more});
const named = (count: number, value: unknown) => Object.fromEntries(many(count, (index) => [`f${index}`, value]));

/** Bodies of any kind that took seconds of the thread, and the status each has. */
const BODIES: readonly (readonly [name: string, url: string, body: string, status: number])[] = [
  ['many lists', '/v1/chat/completions', chat({metadata: many(1_000_000, () => [])}), 400],
  ['many objects', '/completion', `{"prompt":"a","x":[${'{},'.repeat(1_500_000)}{}]}`, 400],
  ['many numbers', '/v1/chat/completions', chat({metadata: many(2_000_000, () => 1)}), 200],
  ['many unknown fields', '/v1/chat/completions', chat(named(200_000, 1)), 400],
  ['many settings', '/v1/chat/completions', chat({model_settings: named(200_000, 1)}), 200],
  ['half a document', '/v1/messages', `{"messages":[${'1,'.repeat(2_000_000)}`, 400],
  ['half a document of lines', '/v1/messages', `{"messages":[${'\n'.repeat(3_000_000)}`, 400],
  ['escapes', '/infill', `{"input_prefix":"${'\\n'.repeat(2_000_000)}`, 400],
  ['many messages', '/v1/chat/completions', JSON.stringify({messages: many(49_000, () => user)}), 400],
  ['many wrong messages', '/v1/chat/completions', JSON.stringify({messages: many(9000, () => 7)}), 400],
  ['many items', '/v1/responses', JSON.stringify({input: many(49_000, () => user)}), 400],
  [
    'many blocks',
    '/v1/messages',
    JSON.stringify({messages: [{role: 'user', content: many(60_000, () => ({type: 'text', text: 'a'}))}]}),
    400,
  ],
  ['many of Ollama', '/api/chat', JSON.stringify({messages: many(49_000, () => user)}), 400],
  [
    'many tools',
    '/v1/chat/completions',
    chat({tools: many(10_000, () => ({type: 'function', function: {name: 'f'}}))}),
    400,
  ],
  ['many wrong biases', '/v1/chat/completions', chat({logit_bias: named(200_000, 1)}), 400],
  ['many stop texts', '/v1/chat/completions', chat({stop: many(300_000, String)}), 400],
  ['many prompts', '/v1/completions', JSON.stringify({prompt: many(600_000, () => 'a')}), 400],
  ['many wrong ids', '/detokenize', JSON.stringify({tokens: many(600_000, () => 'a')}), 400],
];

test.each(BODIES)('one body keeps nobody waiting: %s', async (_name, url, payload, status) => {
  const {app} = await testServer(undefined, {bodyLimit: 10_000_000});
  const send = (body: string) =>
    app.inject({method: 'POST', url, payload: body, headers: {host: 'localhost', 'content-type': 'application/json'}});
  await send('{}');
  let answered = 0;
  const longest = await longestTurn(async () => {
    answered = (await send(payload)).statusCode;
  });
  expect(answered).toBe(status);
  expect(longest).toBeLessThan(100);
});
