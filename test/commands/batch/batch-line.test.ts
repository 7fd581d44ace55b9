import {expect, test} from 'vitest';
import {EngineError} from '../../../src/base/errors.ts';
import {readBatchLine} from '../../../src/commands/batch/batch-line.ts';
import {lineRequest} from '../../../src/commands/batch/line-request.ts';

const NO_EXTRAS = {seed: undefined, schema: undefined, maxTokens: undefined};

const read = (text: string, number = 1) => readBatchLine({number, text, valid: true});

/** The path and the body that are sent for a line. */
function sent(text: string, extras: Parameters<typeof lineRequest>[2] = NO_EXTRAS, number = 1): [string, string] {
  const {asked, index} = read(text, number);
  if (asked instanceof EngineError) throw asked;
  return [asked.route.path, lineRequest(asked, index, extras).body];
}

test('a prompt is the message of a user, and the other fields are those of a chat, as they were written', () => {
  expect(sent('{"id": 1, "prompt": "Hi", "seed": 12345678901234567890, "max_tokens": 4}')).toEqual([
    '/v1/chat/completions',
    '{"seed": 12345678901234567890, "max_tokens": 4, "messages": [{"role": "user", "content": "Hi"}]}',
  ]);
  expect(sent('{"messages": [{"role": "user", "content": "Hi"}], "n": 1}')[1]).toBe(
    '{"messages": [{"role": "user", "content": "Hi"}], "n": 1}',
  );
});

test.each([
  ['/v1/chat/completions', '/v1/chat/completions'],
  ['chat/completions', '/v1/chat/completions'],
  ['/completions', '/v1/completions'],
  ['/v1/responses', '/v1/responses'],
  ['v1/fim/completions', '/v1/fim/completions'],
  ['/v1/embeddings', '/v1/embeddings'],
])("OpenAI's url %s is the route %s", (url, path) => {
  const line = JSON.stringify({custom_id: 'a', method: 'POST', url, body: {input: 'x', stream: true}});
  expect(sent(line)).toEqual([path, '{"input": "x"}']);
});

test.each([
  ['nonsense', 'it is not JSON'],
  ['[1]', 'it is not a JSON object'],
  ['{"id": "a"}', "one of 'prompt' and 'messages'"],
  ['{"prompt": "a", "messages": []}', "one of 'prompt' and 'messages'"],
  ['{"prompt": ["a"]}', "'prompt' must be a text"],
  ['{"prompt": "a", "n": 2}', "'n' must be 1"],
  ['{"id": {}, "prompt": "a"}', "'id' must be a text or a number"],
  ['{"id": [], "prompt": "a"}', "'id' must be a text or a number"],
  ['{"custom_id": 1, "url": "/v1/responses", "body": {}}', "'custom_id' must be a text"],
  ['{"url": "/v1/responses", "body": {}}', "'custom_id' must be a text"],
  ['{"custom_id": "a", "url": "/v1/models", "body": {}}', "'url' must be one of /v1/chat/completions"],
  ['{"custom_id": "a", "url": "https://api.example/v1/responses", "body": {}}', "'url' must be one of"],
  ['{"custom_id": "a", "url": "constructor", "body": {}}', "'url' must be one of"],
  ['{"custom_id": "a", "url": "/v1/responses", "body": "x"}', "'body' must be an object"],
  ['{"custom_id": "a", "method": "GET", "url": "/v1/responses", "body": {}}', "'method' must be POST"],
  [`${'['.repeat(5000)}${']'.repeat(5000)}`, 'it is not JSON'],
])('%.60s is an error of its line', (text, message) => {
  const {asked} = read(text);
  expect(asked).toBeInstanceOf(EngineError);
  expect((asked as EngineError).message).toContain(message);
  expect((asked as EngineError).code).toBe('invalid_request');
});

test('a line that is no UTF-8 or too long is an error of its line', () => {
  expect(readBatchLine({number: 1, text: '{"prompt": "\ufffd"}', valid: false}).asked).toMatchObject({
    message: 'it is not valid UTF-8',
  });
  const problem = new EngineError('context_length_exceeded', 'it is long');
  expect(readBatchLine({number: 3, text: '', valid: true, problem})).toMatchObject({asked: problem, index: 2});
});

test('a line is found again by its id, else by its place, and known by the hash of its text', () => {
  expect(read('{"id": "a", "prompt": "x"}', 3)).toMatchObject({key: 'id "a"', index: 2, input: '68276849'});
  expect(read('{"id": 7, "prompt": "x"}').key).toBe('id 7');
  expect(read('{"id": "7", "prompt": "x"}').key).toBe('id "7"');
  expect(read('{"id": null, "prompt": "x"}', 3).key).toBe('#2');
  expect(read('nonsense', 3).key).toBe('#2');
});

test('a line gets the seed of its place, unless it has its own or its route takes none', () => {
  const seeded = {...NO_EXTRAS, seed: 2 ** 32 - 1};
  expect(sent('{"messages": []}', seeded, 3)[1]).toBe('{"messages": [], "seed": 1}');
  expect(sent('{"messages": [], "random_seed": null}', seeded, 1)[1]).toBe('{"messages": [], "seed": 4294967295}');
  expect(sent('{"messages": [], "random_seed": 5}', seeded)[1]).toBe('{"messages": [], "random_seed": 5}');
  expect(sent('{"custom_id": "a", "url": "responses", "body": {"input": "x"}}', seeded)[1]).toBe('{"input": "x"}');
});

test('a line is held to the schema, unless it has a form of its own or its route takes none', () => {
  const schema = {schema: new Map([['type', 'string']]), strict: true} as const;
  const held = (line: string) => sent(line, {...NO_EXTRAS, schema})[1];
  const named = '{"name": "answer", "schema": {"type": "string"}, "strict": true}';
  expect(held('{"messages": []}')).toBe(
    `{"messages": [], "response_format": {"type": "json_schema", "json_schema": ${named}}}`,
  );
  expect(held('{"custom_id": "a", "url": "responses", "body": {"input": "x"}}')).toBe(
    '{"input": "x", "text": {"format": {"type": "json_schema", "name": "answer", "schema": {"type": "string"}, "strict": true}}}',
  );
  const own = '{"messages": [], "guided_regex": "a+"}';
  expect(held(own)).toBe(own);
  expect(held('{"custom_id": "a", "url": "embeddings", "body": {"input": "x"}}')).toBe('{"input": "x"}');
});

test("the command line's length counts before that of completions, which is 16 tokens, and not before the line's own", () => {
  const extras = {...NO_EXTRAS, maxTokens: 99};
  const completion = (body: object) => JSON.stringify({custom_id: 'a', url: '/v1/completions', body});
  expect(sent(completion({prompt: 'x', max_tokens: null}), extras)[1]).toBe('{"prompt": "x", "max_tokens": 99}');
  expect(sent(completion({prompt: 'x', max_tokens: 5}), extras)[1]).toBe('{"prompt": "x", "max_tokens": 5}');
  expect(sent('{"messages": []}', extras)[1]).toBe('{"messages": []}');
});
