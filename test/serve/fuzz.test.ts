import fc from 'fast-check';
import {expect, test} from 'vitest';
import {testServer} from './server.ts';

interface Operation {
  readonly requestBody?: {readonly content: Record<string, {readonly schema: {readonly properties?: object}}>};
  readonly responses: Record<string, unknown>;
}

const messages = [{role: 'user', content: 'Hi'}];
/** One request each route takes. */
const VALID: Record<string, object> = {
  '/v1/chat/completions': {messages, tools: [{type: 'function', function: {name: 'f', parameters: {}}}]},
  '/chat/completions': {messages},
  '/v1/chat/completions/input_tokens': {messages},
  '/chat/completions/input_tokens': {messages},
  '/v1/responses': {
    input: [...messages, {type: 'function_call', call_id: 'c', name: 'f'}],
    tools: [{type: 'function', name: 'f'}],
  },
  '/responses': {input: 'a'},
  '/v1/responses/input_tokens': {input: 'a'},
  '/responses/input_tokens': {input: 'a'},
  '/v1/messages': {
    messages: [
      ...messages,
      {role: 'assistant', content: [{type: 'tool_use', id: 't', name: 'f', input: {}}]},
      {role: 'user', content: [{type: 'tool_result', tool_use_id: 't'}]},
    ],
    tools: [{name: 'f', input_schema: {}}],
  },
  '/v1/messages/count_tokens': {messages},
  '/api/chat': {
    messages,
    options: {num_ctx: 4096, mirostat: 0},
    tools: [{type: 'function', function: {name: 'f', parameters: {}}}],
  },
  '/api/generate': {prompt: 'a', suffix: 'b', stream: false},
  '/api/show': {model: 'm'},
  '/api/pull': {},
  '/api/create': {},
  '/api/copy': {},
  '/api/push': {},
  '/api/embed': {},
  '/api/embeddings': {},
  '/v1/completions': {prompt: 'a', suffix: 'b'},
  '/v1/fim/completions': {prompt: 'a', suffix: 'b'},
  '/v1/embeddings': {input: 'a'},
  '/embeddings': {input: 'a'},
  '/embedding': {input: 'a'},
  '/completion': {prompt: 'a'},
  '/completions': {prompt: 'a'},
  '/infill': {input_prefix: 'a', input_suffix: 'b'},
  '/tokenize': {content: 'a'},
  '/detokenize': {tokens: [1]},
  '/apply-template': {messages},
  '/v1/engines/completions': {model: 'm', prompt: 'a'},
  '/predict': {messages},
  '/production/predict': {messages},
  '/infer': {messages},
};

const value = fc.oneof(
  fc.jsonValue({maxDepth: 4}),
  fc.constantFrom(-1, 0, 1e308, -0.5, 2 ** 53, '', '\u0000', '__proto__', '[INST]', [], {}, [[]], [null], [{}], true),
  fc
    .record({role: fc.constantFrom('user', 'system', 'tool', 'assistant', 'zzz'), content: fc.jsonValue()})
    .map((m) => [m]),
);

test('whatever a route is sent, it answers with a status its document names, and no slot is lost', async () => {
  const {app, service, backend} = await testServer([
    'x',
    {type: 'tool_call', call: {id: 'abcdefghi', name: 'f', arguments: ''}},
  ]);
  await app.ready();
  const {paths} = app.swagger() as unknown as {paths: Record<string, {post?: Operation; get?: Operation}>};
  const routes = Object.entries(paths).flatMap(([path, {post}]) => (post ? [{path, post}] : []));
  expect(routes.map(({path}) => path).sort()).toEqual(Object.keys(VALID).sort());
  const sent = fc.constantFrom(...routes).chain(({path, post}) => {
    const names = Object.keys(post.requestBody?.content['application/json']?.schema.properties ?? {x: 0});
    const changes = fc.dictionary(fc.constantFrom(...names), fc.option(value, {nil: undefined}), {maxKeys: 4});
    const body = fc.oneof(
      {weight: 8, arbitrary: changes.map((fields) => JSON.stringify({...VALID[path], ...fields}))},
      {weight: 1, arbitrary: fc.json()},
      {weight: 1, arbitrary: fc.string()},
    );
    return fc.record({path: fc.constant(path), statuses: fc.constant(Object.keys(post.responses)), body});
  });
  await fc.assert(
    fc.asyncProperty(sent, async ({path, statuses, body}) => {
      const reply = await app.inject({method: 'POST', url: path, payload: body, headers: {host: 'localhost'}});
      expect(statuses).toContain(String(reply.statusCode));
      expect(reply.statusCode === 501 || reply.statusCode < 500).toBe(true);
      expect(service.admission.active).toBe(0);
    }),
    {seed: 20_251, numRuns: 600},
  );
  expect(backend.running).toBe(0);
});

test('whatever is read, under any name, with any key and from any host, has a documented status', async () => {
  const {app} = await testServer(undefined, {apiKeys: ['k']});
  await app.ready();
  const {paths} = app.swagger() as unknown as {paths: Record<string, {post?: Operation; get?: Operation}>};
  const routes = Object.entries(paths).flatMap(([path, {get}]) => (get ? [{path, get}] : []));
  // DELETE /api/delete is tried with its dialect.
  expect(routes.length + Object.keys(VALID).length + 1).toBe(
    Object.values(paths).reduce((count, methods) => count + Object.keys(methods).length, 0),
  );
  const name = fc.oneof(fc.string(), fc.string({unit: 'grapheme'}), fc.constantFrom('..', '../x', '%00', 'scripted'));
  const read = fc.record({
    route: fc.constantFrom(...routes),
    name: name.filter((text) => text !== '').map(encodeURIComponent),
    query: fc.webQueryParameters(),
    key: fc.option(fc.constantFrom('Bearer k', 'Api-Key k', 'Bearer', 'Basic azo=', ''), {nil: undefined}),
    host: fc.constantFrom('localhost', 'evil.example', '[::1]', ':::', 'localhost:99999'),
  });
  await fc.assert(
    fc.asyncProperty(read, async ({route, name: id, query, key, host}) => {
      const headers = {host, ...(key !== undefined && {authorization: key})};
      const url = `${route.path.replace(/\{\w+\}/, id)}?${query}`;
      const reply = await app.inject({method: 'GET', url, headers});
      const unknown = route.path.includes('{') && reply.statusCode === 404;
      expect(unknown ? [] : Object.keys(route.get.responses)).toEqual(
        unknown ? [] : expect.arrayContaining([String(reply.statusCode)]),
      );
    }),
    {seed: 20_251, numRuns: 300},
  );
});
