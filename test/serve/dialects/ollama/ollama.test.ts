import {expect, test} from 'vitest';
import {fromPlain} from '../../../../src/base/json.ts';
import {readOllamaChat} from '../../../../src/serve/dialects/ollama/read-ollama.ts';
import {ScriptedBackend} from '../../../fakes/scripted-backend.ts';
import {serverOn, testServer} from '../../server.ts';
import {ask, type GoldenReply, type GoldenRequest, normalised, readGoldens, wireRequest} from '../golden.ts';

const HI = [{role: 'user', content: 'Hi'}];
const replies = readGoldens<GoldenReply>(import.meta.dirname, 'replies.jsonl');
const requests = readGoldens<GoldenRequest>(import.meta.dirname, 'requests.jsonl');
const read = (body: object) => readOllamaChat(fromPlain(body), {temperature: 0.7, maxTokens: 50});
const toldIn = (headers: Record<string, unknown>) =>
  String(headers['x-mistral-warnings'] ?? '')
    .split('; ')
    .map(decodeURIComponent);

test('all goldens are there', () => {
  expect([replies.length, requests.length]).toEqual([16, 1]);
});

test.each(replies)('reply: $name', async (golden) => {
  const reply = await ask(golden);
  expect(reply.status).toBe(golden.status);
  expect(reply.contentType.startsWith(golden.contentType)).toBe(true);
  if (golden.retryAfter) expect(reply.retryAfter).toBe(String(golden.retryAfter));
  if (!golden.lines) return expect(normalised(JSON.parse(reply.text))).toEqual(normalised(golden.body));
  expect(reply.text.endsWith('\n')).toBe(true);
  const lines = reply.text.trimEnd().split('\n');
  expect(normalised(lines.map((line) => JSON.parse(line)))).toEqual(normalised(golden.lines));
});

test.each(requests)('request: $name', ({body, want}) => {
  const {request, told} = readOllamaChat(fromPlain(body), {temperature: 0.7});
  expect(wireRequest(request)).toEqual(want.request);
  expect(told).toEqual(want.told);
});

test('results without an id belong to the oldest open call of their tool', () => {
  const call = (name: string, id?: string) => ({...(id && {id}), function: {name, arguments: {}}});
  const {messages} = read({
    messages: [
      ...HI,
      {role: 'assistant', content: '', tool_calls: [call('f'), call('g'), call('f', 'mine')]},
      {role: 'tool', tool_name: 'g', content: '1'},
      {role: 'tool', tool_name: 'f', content: '2'},
      {role: 'tool', tool_call_id: 'mine', content: '3'},
      {role: 'assistant', content: '', tool_calls: [call('h')]},
      {role: 'tool', content: '4'},
    ],
  }).request;
  const results = messages.flatMap((message) =>
    message.role === 'tool' ? [[message.content, message.toolCallId]] : [],
  );
  expect(results).toEqual([
    ['1', 'call1'],
    ['2', 'call0'],
    ['3', 'mine'],
    ['4', 'call3'],
  ]);
});

test.each([
  [{num_predict: -1}, {temperature: 0.7}],
  [{num_predict: -2}, {temperature: 0.7}],
  [
    {num_predict: 5, seed: -1},
    {temperature: 0.7, maxTokens: 5},
  ],
  [
    {seed: 42, top_k: 3, top_p: 0.5, min_p: 0.1, stop: ['a'], repeat_penalty: 1.1, temperature: 0},
    {temperature: 0, maxTokens: 50, topK: 3, topP: 0.5, minP: 0.1, seed: 42, repeatPenalty: 1.1, stop: ['a']},
  ],
])('options %j', (options, sampling) => {
  expect(read({messages: HI, options}).request.sampling).toEqual(sampling);
});

test('options that change nothing pass, others are told or refused by their path', async () => {
  const {post} = await testServer();
  const neutral = {mirostat: 0, mirostat_tau: 5, typical_p: 1, tfs_z: 1, num_thread: 4, repeat_last_n: 64, num_ctx: 16};
  const silent = await post('/api/chat', {messages: HI, options: neutral, cache_salt: 's'});
  expect([silent.status, silent.headers['x-mistral-warnings']]).toEqual([200, undefined]);
  const loud = await post('/api/chat', {
    messages: HI,
    options: {num_ctx: 4096, num_keep: 5, sparkle: 1},
    truncate: true,
  });
  expect(toldIn(loud.headers)).toEqual([
    "'truncate' is ignored: a prompt is never shortened or shifted",
    "'options.num_keep' is ignored: a prompt is never shortened or shifted",
    "'options.sparkle' is not a field of this route: ignored",
    'options.num_ctx 4096: the context has 256 tokens',
  ]);
  const refused = await post('/api/chat', {messages: HI, options: {mirostat: 2}});
  expect([refused.status, refused.json()]).toEqual([
    400,
    {error: "'options.mirostat' is not supported: this sampler is not here"},
  ]);
});

test.each([
  [{messages: [{role: 'user', content: 'x', images: ['AA==']}]}, "'messages[0].images' is not taken"],
  [{messages: [{role: 'critic', content: 'x'}]}, 'messages[0].role must be'],
  [{messages: HI, format: 'yaml'}, 'format must be'],
  [{messages: HI, keep_alive: '5 m'}, 'keep_alive must be'],
  [{messages: HI, keep_alive: '5d'}, 'keep_alive must be'],
  [{messages: HI, template: '{{ .Prompt }}'}, "'template' is not supported"],
])('%j is refused', async (body, message) => {
  const {post} = await testServer();
  const reply = await post('/api/chat', body);
  expect(reply.status).toBe(400);
  expect(Object.keys(reply.json())).toEqual(['error']);
  expect(reply.json().error).toContain(message);
});

test.each([
  [0, 'unload'],
  ['0', 'unload'],
  ['0s', 'unload'],
  ['0h0m', 'unload'],
  [-1, 'load'],
  ['1.5h', 'load'],
  ['2h45m', 'load'],
  ['-1m', 'load'],
  ['300ms', 'load'],
  [undefined, 'load'],
])('no message and keep_alive %j is a %s', async (keep_alive, reason) => {
  const {post, backend} = await testServer();
  const reply = await post('/api/chat', {messages: [], ...(keep_alive !== undefined && {keep_alive})});
  expect(reply.json()).toMatchObject({message: {role: 'assistant', content: ''}, done: true, done_reason: reason});
  expect(backend.calls).toEqual([]);
});

test('think: false stops thoughts, a level asks for it, and true is refused where there are none', async () => {
  const thinking = new ScriptedBackend(['ok'], {efforts: {levels: ['none', 'high']}});
  const {post, backend} = await serverOn(thinking);
  for (const think of [false, true, 'low']) await post('/api/chat', {messages: HI, think});
  expect(backend.requests.map((request) => 'reasoningEffort' in request && request.reasoningEffort)).toEqual([
    'none',
    'high',
    'low',
  ]);
  const {post: ask} = await serverOn(new ScriptedBackend(['ok'], {efforts: {levels: []}}));
  const refused = await ask('/api/chat', {model: 'm', messages: HI, think: true});
  expect([refused.status, refused.json()]).toEqual([400, {error: '"m" does not support thinking'}]);
  expect((await ask('/api/chat', {messages: HI, think: false})).status).toBe(200);
});

test('generate: a message, a raw prompt, a gap', async () => {
  const {post, backend} = await testServer(['ok']);
  await post('/api/generate', {prompt: 'a', system: 'S'});
  await post('/api/generate', {prompt: 'a', raw: true});
  const gap = await post('/api/generate', {prompt: 'a', suffix: 'b', stream: false});
  expect(gap.json()).toMatchObject({response: 'ok', done: true, done_reason: 'stop'});
  expect(backend.calls).toMatchObject([
    {
      kind: 'chat',
      request: {
        messages: [
          {role: 'system', content: 'S'},
          {role: 'user', content: 'a'},
        ],
      },
    },
    // Templates of the client's own are written with control tokens.
    {kind: 'complete', request: {prompt: 'a', parseSpecial: true}},
    {kind: 'fim', request: {prompt: 'a', suffix: 'b'}},
  ]);
});

test('log-probabilities stand on the lines', async () => {
  const {post} = await testServer(['Hi']);
  const {logprobs} = (await post('/api/chat', {messages: HI, stream: false, logprobs: true, top_logprobs: 1})).json();
  expect(logprobs[0]).toMatchObject({token: 'H', logprob: -0.25, bytes: [72]});
  expect(logprobs[0].top_logprobs).toHaveLength(1);
});

test('what the model is: tags, show, ps, version, each also by HEAD', async () => {
  const {get, post, app} = await testServer();
  const {models} = (await get('/api/tags')).json();
  expect(models).toMatchObject([{name: 'scripted:latest', model: 'scripted:latest', details: {format: 'gguf'}}]);
  expect(models[0].digest).toMatch(/^[0-9a-f]{64}$/);
  expect(models[0].capabilities).toEqual(['completion', 'tools', 'insert']);
  expect((await get('/api/ps')).json().models).toMatchObject([{context_length: 256, digest: models[0].digest}]);
  const show = (await post('/api/show', {name: 'scripted'})).json();
  expect(show).toMatchObject({parameters: 'temperature 0.7', capabilities: ['completion', 'tools', 'insert']});
  expect(show.model_info['model.context_length']).toBe(1024);
  expect((await get('/api/version')).json()).toEqual({version: '0.33.0'});
  const head = await app.inject({method: 'HEAD', url: '/api/tags', headers: {host: 'localhost'}});
  expect(head.statusCode).toBe(200);
});

test.each([
  ['POST', 'pull', 403],
  ['POST', 'create', 403],
  ['DELETE', 'delete', 403],
  ['POST', 'embed', 400],
] as const)('%s /api/%s is refused with %i', async (method, name, status) => {
  const {app} = await testServer();
  const reply = await app.inject({method, url: `/api/${name}`, headers: {host: 'localhost'}, payload: {model: 'm'}});
  expect([reply.statusCode, Object.keys(reply.json())]).toEqual([status, ['error']]);
});
