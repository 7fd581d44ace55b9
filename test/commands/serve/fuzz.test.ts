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
  const {paths} = app.swagger() as unknown as {paths: Record<string, {post?: Operation}>};
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
