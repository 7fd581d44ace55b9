import {expect, test} from 'vitest';
import {testServer} from '../server.ts';

const messages = [{role: 'user', content: 'Hi'}];
/** A prompt that takes this long, in milliseconds, many times the pause after which a stream gives a sign of life. */
const slowly = () => new Promise((resolve) => setTimeout(resolve, 300));

async function streamed(url: string, body: object): Promise<string> {
  const {listen} = await testServer([slowly, 'ok'], {heartbeatMs: 20});
  const reply = await fetch((await listen()) + url, {method: 'POST', body: JSON.stringify({...body, stream: true})});
  return reply.text();
}

test.each([
  ['/v1/responses', {input: 'Hi'}, 'response.output_item.added'],
  ['/v1/messages', {messages}, 'content_block_start'],
])('%s says that it lives while the prompt is read, in comments', async (url, body, first) => {
  const text = await streamed(url, body);
  const before = text.slice(0, text.indexOf(`event: ${first}`));
  expect(before).toContain('\n\n:\n\n');
});

test('Ollama gets its lines and nothing between them', async () => {
  const lines = (await streamed('/api/chat', {messages})).split('\n');
  expect(lines.at(-1)).toBe('');
  expect(lines.slice(0, -1).map((line) => JSON.parse(line).done)).toEqual([false, true]);
});
