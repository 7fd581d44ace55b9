import {request as connect} from 'node:http';
import {setTimeout as sleep} from 'node:timers/promises';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import {pino} from 'pino';
import {expect, test, vi} from 'vitest';
import {EngineError} from '../../../src/base/errors.ts';
import type {Step} from '../../fakes/scripted-backend.ts';
import {parseEvents} from '../events.ts';
import {routedServer} from './routed-server.ts';

const HI = [{role: 'user', content: 'Hi'}];
/** Goes on until it is aborted. */
const ENDLESS: readonly Step[] = Array.from({length: 10_000}, () => [() => sleep(1), 'tick']).flat();
const untilAborted = (signal: AbortSignal) =>
  new Promise((resolve) => signal.addEventListener('abort', resolve, {once: true}));

const contentOf = async (reply: Response) => (await reply.json()).choices[0].message.content;

test.each([
  ['small', 'small'],
  ['SMALL', 'small'],
  ['small:latest', 'small'],
  ['other-Q8_0', 'other-Q8_0'],
  ['other', 'other-Q8_0'],
  ['Other:q8_0', 'other-Q8_0'],
  ['other:latest', 'other-Q8_0'],
  ['claude-sonnet-5', 'small'],
])('the name %s means %s', async (name, model) => {
  const {post} = await routedServer({aliases: [['claude-sonnet-5', 'SMALL']]});
  expect(await contentOf(await post('/v1/chat/completions', {model: name, messages: HI}))).toBe(model);
});

const NOT_FOUND = "model 'nix' not found; this server has 'small', 'other-Q8_0'";
test.each([
  [
    '/v1/chat/completions',
    {messages: HI},
    {error: {message: NOT_FOUND, type: 'invalid_request_error', param: 'model', code: 'model_not_found'}},
  ],
  [
    '/v1/responses',
    {input: 'Hi'},
    {error: {message: NOT_FOUND, type: 'invalid_request_error', param: 'model', code: 'model_not_found'}},
  ],
  [
    '/v1/messages',
    {messages: HI, max_tokens: 1},
    {type: 'error', error: {type: 'not_found_error', message: NOT_FOUND}, request_id: expect.any(String)},
  ],
  ['/api/chat', {messages: HI}, {error: NOT_FOUND}],
  ['/api/show', {}, {error: NOT_FOUND}],
  ['/completion', {prompt: 'a'}, {error: {code: 404, message: NOT_FOUND, type: 'invalid_request_error'}}],
  ['/v1/engines/completions', {prompt: 'a'}, {detail: NOT_FOUND}],
  ['/models/load', {}, {error: {code: 404, message: NOT_FOUND, type: 'invalid_request_error'}}],
])('an unknown model is a 404 of %s', async (path, body, expected) => {
  const {post, started} = await routedServer();
  const reply = await post(path, {...body, model: 'nix'});
  expect(reply.status).toBe(404);
  expect(await reply.json()).toEqual(expected);
  expect(started).toEqual([]);
});

test.each([
  '../small',
  '/etc/passwd',
  './small',
  'small/',
  'small.gguf',
  '~/small',
  'other:Q4_K_M',
  '\u0000',
  ':latest',
])('%j is no name', async (model) => {
  const {post} = await routedServer();
  expect((await post('/v1/chat/completions', {model, messages: HI})).status).toBe(404);
});

test('a request without a name means the only model, or the one called default; else it is a 400', async () => {
  const one = await routedServer({names: ['small']});
  expect(await contentOf(await one.post('/v1/chat/completions', {messages: HI}))).toBe('small');
  const two = await routedServer();
  const refused = await two.post('/v1/chat/completions', {messages: HI});
  expect(refused.status).toBe(400);
  expect((await refused.json()).error).toMatchObject({
    code: 'model_required',
    param: 'model',
    message: "'model' is missing; this server has 'small', 'other-Q8_0'",
  });
  const named = await routedServer({aliases: [['default', 'other']]});
  expect(await contentOf(await named.post('/v1/chat/completions', {messages: HI}))).toBe('other-Q8_0');
  expect((await named.post('/v1/chat/completions', {messages: HI, model: 5})).status).toBe(400);
});

test('whole answers, streams of every dialect and refusals of the model come as the process gives them', async () => {
  const {post} = await routedServer({scripts: {small: ['Hel', 'lo']}});
  const body = {model: 'small', messages: HI, stream: true};
  const chat = await post('/v1/chat/completions', body);
  expect(chat.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  expect(parseEvents(await chat.text()).at(-1)).toBe('[DONE]');
  const messages = await (await post('/v1/messages', {...body, max_tokens: 9})).text();
  expect(messages.match(/^event: .*$/gm)?.at(-1)).toBe('event: message_stop');
  const responses = await (await post('/v1/responses', {model: 'small', input: 'Hi', stream: true})).text();
  expect(responses.match(/^event: .*$/gm)?.at(-1)).toBe('event: response.completed');
  const lines = (await (await post('/api/chat', body)).text()).trim().split('\n');
  expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({done: true, done_reason: 'stop', model: 'small'});
  const refused = await post('/v1/chat/completions', {model: 'small', messages: 'Hi'});
  expect(refused.status).toBe(400);
  expect((await refused.json()).error).toMatchObject({code: 'invalid_value', param: 'messages'});
  expect((await post('/v1/chat/completions', '{"model":')).status).toBe(400);
  const told = await post('/v1/chat/completions', {model: 'small', messages: HI, verbosity: 'low'});
  expect(decodeURIComponent(told.headers.get('x-mistral-warnings') ?? '')).toContain('verbosity');
  expect(decodeURIComponent(told.headers.get('x-mistral-warnings') ?? '')).not.toContain("'model'");
});

test('the request id is one in reply, log and process, and the log names the model', async () => {
  const lines: string[] = [];
  const logger = pino({level: 'info', base: null}, {write: (line: string) => void lines.push(line)});
  const {post} = await routedServer({options: {logger}});
  const reply = await post('/v1/messages', {model: 'small', messages: HI, max_tokens: 5, service_tier: 'x', odd: 1});
  const id = reply.headers.get('x-request-id');
  expect(id).toMatch(/^req_/);
  expect(reply.headers.get('request-id')).toBe(id);
  await vi.waitFor(() => {
    const mine = lines.map((line) => JSON.parse(line)).filter(({reqId}) => reqId === id);
    expect(mine.map(({msg, model}) => [msg, model])).toEqual([
      ['told the client what it asked for and does not get', undefined],
      ['answered', 'small'],
    ]);
  });
});

test('keys are asked for by the router, and kept prompts stay with the key they came with', async () => {
  const {post, running} = await routedServer({options: {apiKeys: ['alice', 'bob']}});
  const ask = (key: string) =>
    post('/v1/chat/completions', {model: 'small', messages: HI}, {headers: {authorization: `Bearer ${key}`}});
  expect((await ask('eve')).status).toBe(401);
  expect((await ask('secret')).status).toBe(401);
  expect((await ask('alice')).status).toBe(200);
  expect((await ask('bob')).status).toBe(200);
  const owners = running.get('small')?.backend.calls.map(({request}) => request.cacheOwner);
  expect(owners).toEqual(['0:', '1:']);
});

test('nobody names the key of another in a header', async () => {
  const {post, running} = await routedServer();
  const headers = {'x-mistral-key-index': '7', 'x-request-id': 'mine'};
  const reply = await post('/v1/chat/completions', {model: 'small', messages: HI}, {headers});
  expect(reply.headers.get('x-request-id')).toMatch(/^req_/);
  expect(running.get('small')?.backend.calls[0]?.request.cacheOwner).toBeUndefined();
});

test('a client that leaves stops its generation, in a stream and while it waits for a load', async () => {
  const {post, running, pool, started} = await routedServer({scripts: {small: ENDLESS}});
  const client = new AbortController();
  const {signal} = client;
  const reply = await post('/v1/chat/completions', {model: 'small', messages: HI, stream: true}, {signal});
  await vi.waitFor(() => expect(running.get('small')?.backend.running).toBe(1));
  client.abort();
  await expect(reply.text()).rejects.toThrow();
  await vi.waitFor(() => expect(running.get('small')?.backend.running).toBe(0));
  const slow = await routedServer({loadMs: 500});
  const early = new AbortController();
  const waiting = slow.post('/api/chat', {model: 'small', messages: HI}, {signal: early.signal});
  await vi.waitFor(() => expect(slow.pool.waiting).toBe(1));
  early.abort();
  await expect(waiting).rejects.toThrow();
  await vi.waitFor(() => expect(slow.pool.waiting).toBe(0));
  expect([pool.waiting, started]).toEqual([0, ['load small']]);
});

test('a client that reads nothing holds its generation up, not the router', async () => {
  let sent = 0;
  const much = Array.from({length: 1500}, () => [() => void sent++, 'x'.repeat(20_000)]).flat();
  const {url, post} = await routedServer({scripts: {small: much}});
  const body = JSON.stringify({model: 'small', prompt: 'a', stream: true, max_tokens: 100_000});
  const outgoing = connect(`${url}/v1/completions`, {method: 'POST'});
  const incoming = await new Promise<import('node:http').IncomingMessage>((resolve) =>
    outgoing.on('response', resolve).end(body),
  );
  incoming.pause();
  // What the sockets between hold, and no more.
  let before = -1;
  while (sent > before) {
    before = sent;
    await sleep(400);
  }
  expect(sent).toBeGreaterThan(0);
  expect(sent).toBeLessThan(1000);
  expect(await contentOf(await post('/v1/chat/completions', {model: 'other', messages: HI}))).toBe('other-Q8_0');
  incoming.resume();
  await vi.waitFor(() => expect(sent).toBe(1500), 10_000);
});

test('while a model is loaded, streams of events get a head and comments, others just wait', async () => {
  const {post} = await routedServer({loadMs: 300, commentMs: 50, scripts: {small: ['Hi']}});
  const bodies = [
    ['/v1/chat/completions', {messages: HI, stream: true}],
    ['/v1/messages', {messages: HI, max_tokens: 5, stream: true}],
    ['/v1/responses', {input: 'Hi', stream: true}],
    ['/completion', {prompt: 'a', stream: true}],
    ['/api/chat', {messages: HI}],
    ['/predict', {messages: HI, stream: true}],
    ['/v1/chat/completions', {messages: HI}],
  ] as const;
  const replies = await Promise.all(
    bodies.map(async ([path, body]) => (await post(path, {...body, model: 'small', odd: 1})).text()),
  );
  const waited = replies.map((text) => /^(?:: loading\n\n){2,}/.test(text));
  expect(waited).toEqual([true, true, true, true, false, false, false]);
  expect(replies.map((text) => text.includes('loading'))).toEqual(waited);
  expect(replies[0]).toContain(': x-mistral-warnings ');
  expect(parseEvents((replies[0] ?? '').replaceAll(/^: .*\n\n/gm, '')).at(-1)).toBe('[DONE]');
});

test('official clients pass over the comments, and read what is refused behind them', async () => {
  const broken = new EngineError('model_invalid', 'the file is cut short');
  const {url} = await routedServer({
    loadMs: 300,
    commentMs: 40,
    scripts: {small: ['Hi']},
    fails: (id) => (id === 'small' ? undefined : broken),
  });
  const openai = new OpenAI({baseURL: `${url}/v1`, apiKey: 'none', maxRetries: 0});
  const anthropic = new Anthropic({baseURL: url, authToken: 'none', apiKey: null, maxRetries: 0});
  const messages = [{role: 'user', content: 'Hi'}] as const;
  const text = async (model: string) => {
    let said = '';
    const stream = await openai.chat.completions.create({model, messages: [...messages], stream: true});
    for await (const {choices} of stream) said += choices[0]?.delta.content ?? '';
    return said;
  };
  const final = (model: string) =>
    anthropic.messages.stream({model, max_tokens: 9, messages: [...messages]}).finalMessage();
  const response = async (model: string) => await openai.responses.stream({model, input: 'Hi'}).finalResponse();
  const [chat, message, whole] = await Promise.all([text('small'), final('small'), response('small')]);
  expect(chat).toBe('Hi');
  expect(message.content).toMatchObject([{type: 'text', text: 'Hi'}]);
  expect(whole.output_text).toBe('Hi');
  const told = "the model 'other-Q8_0' could not be loaded: the file is cut short";
  const failures = await Promise.allSettled([text('other'), final('other')]);
  for (const failure of failures) expect((failure as PromiseRejectedResult).reason.message).toContain(told);
});

test('what is refused behind a head that was sent is told in the stream, in the shape of the dialect', async () => {
  const broken = new EngineError('model_invalid', 'the file is cut short');
  const {post} = await routedServer({loadMs: 200, commentMs: 50, fails: (id) => (id === 'small' ? broken : undefined)});
  const message = "the model 'small' could not be loaded: the file is cut short";
  const ask = async (path: string, body: object) => (await post(path, {...body, stream: true})).text();
  const [chat, messages, responses] = await Promise.all([
    ask('/v1/chat/completions', {model: 'small', messages: HI}),
    ask('/v1/messages', {model: 'small', messages: HI, max_tokens: 5}),
    ask('/v1/responses', {model: 'small', input: 'Hi'}),
  ]);
  expect(parseEvents(chat.replaceAll(': loading\n\n', '')).at(-1).error).toMatchObject({
    code: 'model_load_failed',
    message,
  });
  expect(messages).toContain('event: error\ndata: {"type":"error","error":{"type":"overloaded_error"');
  expect(responses).toContain('event: response.failed\ndata: {"type":"response.failed","sequence_number":0,');
  // A refusal of the process itself, such as of a field.
  const refused = await ask('/v1/chat/completions', {model: 'other', messages: HI, functions: [{}]});
  expect(parseEvents(refused.replaceAll(': loading\n\n', '')).at(-1).error).toMatchObject({
    code: 'unsupported',
    param: 'functions',
  });
  const wrong = await ask('/v1/responses', {model: 'nix-loaded-yet', input: 'Hi'});
  expect(JSON.parse(wrong).error.code).toBe('model_not_found');
});

test('a load that failed is a 503 in each shape, and is not tried again at once', async () => {
  const {post, started} = await routedServer({fails: () => new EngineError('out_of_memory', 'no room')});
  const chat = await post('/v1/chat/completions', {model: 'small', messages: HI});
  expect(chat.status).toBe(503);
  expect(chat.headers.get('retry-after')).toBe('10');
  expect((await chat.json()).error).toMatchObject({code: 'model_load_failed'});
  expect((await post('/v1/messages', {model: 'small', messages: HI, max_tokens: 1})).status).toBe(529);
  expect(await (await post('/api/chat', {model: 'small', messages: HI})).json()).toEqual({
    error: "the model 'small' could not be loaded: no room",
  });
  expect(started).toEqual(['load small']);
});

test('when the process of a model ends, its requests are told, others go on, and the next request loads it again', async () => {
  const scripts = {small: ['half ', untilAborted], 'other-Q8_0': ['a', () => sleep(300), 'b']};
  const {post, running, started, pool} = await routedServer({scripts, options: {slots: 9}});
  const other = post('/v1/chat/completions', {model: 'other', messages: HI});
  const streams = ['/v1/chat/completions', '/v1/messages', '/api/chat'].map(async (path) =>
    (await post(path, {model: 'small', messages: HI, max_tokens: 9, stream: true})).text(),
  );
  const response = post('/v1/responses', {model: 'small', input: 'Hi', stream: true}).then((reply) => reply.text());
  const whole = post('/v1/completions', {model: 'small', prompt: 'a'});
  await vi.waitFor(() => expect(running.get('small')?.backend.calls).toHaveLength(5));
  await sleep(50);
  await running.get('small')?.crash();
  const [chat, messages, lines] = await Promise.all(streams);
  const texts = [chat, messages, lines, await response];
  expect(chat).toContain('engine_failed');
  for (const text of texts) expect(text).toContain('the process of the model');
  expect((await whole).status).toBe(500);
  expect(await contentOf(await other)).toBe('ab');
  expect(pool.state('small')).toBe('unloaded');
  expect(started).toEqual(['load other-Q8_0', 'load small']);
  const again = post('/v1/chat/completions', {model: 'small', messages: HI, stream: true});
  await vi.waitFor(() => expect(started).toEqual(['load other-Q8_0', 'load small', 'load small']));
  expect((await again).status).toBe(200);
  await running.get('small')?.crash();
});

test('lists tell of all models with their states; telling loads nothing', async () => {
  const {post, get, started} = await routedServer({aliases: [['codestral', 'other']]});
  await post('/v1/chat/completions', {model: 'small', messages: HI});
  const {data, first_id, last_id} = await get('/v1/models');
  expect(
    data.map(({id, status, aliases}: {id: string; status: {value: string}; aliases: string[]}) => [
      id,
      status.value,
      aliases,
    ]),
  ).toEqual([
    ['small', 'loaded', []],
    ['other-Q8_0', 'unloaded', ['codestral', 'other:Q8_0', 'other']],
  ]);
  expect([first_id, last_id]).toEqual(['small', 'other-Q8_0']);
  expect(await get('/v1/models/codestral')).toMatchObject({id: 'other-Q8_0', max_context_length: 256});
  expect((await get('/v1/models/nix')).error.code).toBe('model_not_found');
  const tags = await get('/api/tags');
  expect(tags.models).toHaveLength(2);
  const ps = await get('/api/ps');
  expect(ps.models).toHaveLength(1);
  const left = new Date(ps.models[0].expires_at).getTime() - Date.now();
  expect(left).toBeGreaterThan(30_000);
  expect(left).toBeLessThanOrEqual(60_000);
  const show = await post('/api/show', {model: 'other'});
  expect(await show.json()).toMatchObject({capabilities: expect.arrayContaining(['completion'])});
  expect(await get('/props?model=other')).toMatchObject({model_alias: 'other-Q8_0', total_slots: 1});
  expect(await get('/slots?model=other')).toMatchObject([{id: 0, n_ctx: 256, is_processing: false}]);
  expect(await get('/slots?model=small')).toMatchObject([{id: 0, n_ctx: 256, is_processing: false}]);
  expect(await get('/health')).toEqual({status: 'ok'});
  expect(await get('/api/version')).toEqual({version: '0.33.0'});
  expect(started).toEqual(['load small']);
});

test('metrics are told model by model, and those of a sleeping one stay', async () => {
  const {post, url, lastMetrics, pool} = await routedServer();
  await post('/v1/chat/completions', {model: 'small', messages: HI});
  const read = async () => (await fetch(`${url}/metrics`)).text();
  const text = await read();
  expect(text).toContain('\nmistral_generations_total{model="small",reason="stop"} 1\n');
  expect(text).toContain('mistral_model_loaded{model="small"} 1\nmistral_model_loaded{model="other-Q8_0"} 0\n');
  expect(text).toContain('\nmistral_requests_total{route="/v1/chat/completions",status="200"} 1\n');
  expect(text.match(/^# TYPE mistral_generations_total counter$/gm)).toHaveLength(1);
  lastMetrics.set('small', text.replaceAll('model="small",', ''));
  pool.unload('small');
  await vi.waitFor(() => expect(pool.state('small')).toBe('unloaded'));
  expect(await read()).toContain('\nmistral_generations_total{model="small",reason="stop"} 1\n');
});

test('counting takes the vocabulary of a model that is not loaded, and neither wakes nor keeps one awake', async () => {
  const {post, started, pool} = await routedServer();
  const counted = await post('/v1/messages/count_tokens', {model: 'small', messages: HI});
  expect(counted.status).toBe(200);
  const tokens = await post('/tokenize', {model: 'other', content: 'Hi'});
  expect(tokens.status).toBe(200);
  expect(tokens.headers.get('x-mistral-warnings')).toBeNull();
  expect(started).toEqual(['count small', 'count other-Q8_0']);
  await post('/v1/chat/completions', {model: 'small', messages: HI, max_tokens: 1});
  await sleep(30);
  const before = pool.expiresIn('small') ?? 0;
  await sleep(30);
  await post('/v1/responses/input_tokens', {model: 'small', input: 'Hi'});
  expect(pool.expiresIn('small')).toBeLessThan(before);
  expect(started).toEqual(['count small', 'count other-Q8_0', 'load small']);
});

test('load and unload, as llama-server and as Ollama have them', async () => {
  const {post, pool, started, get} = await routedServer();
  expect(await (await post('/models/load', {model: 'small'})).json()).toEqual({success: true});
  expect(pool.state('small')).toBe('loaded');
  expect(await (await post('/models/unload', {model: 'small'})).json()).toEqual({success: true});
  await vi.waitFor(() => expect(pool.state('small')).toBe('unloaded'));
  expect((await post('/models/load', {})).status).toBe(400);
  const loaded = await (await post('/api/generate', {model: 'small', keep_alive: -1})).json();
  expect(loaded).toMatchObject({model: 'small', response: '', done: true, done_reason: 'load'});
  expect((await get('/api/ps')).models[0].expires_at).toBe('2300-01-01T00:00:00Z');
  const gone = await (await post('/api/chat', {model: 'small', messages: [], keep_alive: 0})).json();
  expect(gone).toMatchObject({
    model: 'small',
    message: {role: 'assistant', content: ''},
    done: true,
    done_reason: 'unload',
  });
  await vi.waitFor(() => expect(pool.state('small')).toBe('unloaded'));
  // What is not there is not loaded to be unloaded.
  await post('/api/generate', {model: 'other', keep_alive: '0s'});
  expect(started).toEqual(['load small', 'load small']);
  const refused = await post('/api/chat', {model: 'small', messages: HI, keep_alive: '5 m'});
  expect(refused.status).toBe(400);
  expect(await refused.json()).toEqual({error: 'keep_alive must be a number of seconds or a duration such as 5m.'});
});

test("Ollama's embeddings are never taken for the wish to unload, its older name of the model is read", async () => {
  const {post, started} = await routedServer();
  const reply = await post('/api/embed', {model: 'small', input: 'a', keep_alive: 0});
  // The scripted model gives no vectors; it was asked for them.
  expect(await reply.json()).toEqual({error: expect.stringContaining('embeddings')});
  expect(started).toEqual(['load small']);
  expect((await post('/api/embed', {model: 'small', input: 'a', keep_alive: '5d'})).status).toBe(400);
  expect((await post('/api/show', {name: 'other'})).status).toBe(200);
  expect((await post('/v1/chat/completions', {name: 'small', messages: HI})).status).toBe(400);
});

test('keep_alive 0 behind an answer unloads when the running requests have ended', async () => {
  const {post, pool} = await routedServer({scripts: {small: ['a', () => sleep(100)]}, options: {slots: 2}});
  const running = post('/api/chat', {model: 'small', messages: HI});
  await vi.waitFor(() => expect(pool.state('small')).toBe('loaded'));
  await (await post('/api/generate', {model: 'small', prompt: 'x', keep_alive: 0, stream: false})).json();
  await (await running).text();
  await vi.waitFor(() => expect(pool.state('small')).toBe('sleeping'));
});

test('a model that is too large is a 400 with the numbers, in each shape', async () => {
  const {post} = await routedServer({pool: {budget: 3}});
  const reply = await post('/v1/chat/completions', {model: 'small', messages: HI});
  expect(reply.status).toBe(400);
  expect((await reply.json()).error).toMatchObject({
    code: 'model_too_large',
    param: 'model',
    message: "the model 'small' needs 4 B of memory, and all models together may have 3 B",
  });
  const messages = await post('/v1/messages', {model: 'small', messages: HI, max_tokens: 1});
  expect((await messages.json()).error.type).toBe('invalid_request_error');
});

test('borders are those of one model: hosts, methods, sizes, routes that refuse', async () => {
  const {post, url, service} = await routedServer({options: {bodyLimit: 2000}});
  const foreign = await post('/v1/chat/completions', {model: 'small'}, {headers: {origin: 'http://evil.example'}});
  expect(foreign.status).toBe(403);
  expect((await fetch(`${url}/v1/chat/completions`)).status).toBe(405);
  expect((await post('/v1/messages', {model: 'small', pad: 'x'.repeat(3000)})).status).toBe(413);
  expect((await post('/api/pull', {model: 'small'})).status).toBe(403);
  expect((await fetch(`${url}/`, {method: 'HEAD'})).status).toBe(200);
  expect((await post('/nix', {})).status).toBe(404);
  const document = await (await fetch(`${url}/openapi.json`)).json();
  expect(Object.keys(document.paths)).toEqual(
    expect.arrayContaining(['/models/load', '/v1/chat/completions', '/metrics']),
  );
  service.drain();
  const late = await post('/v1/chat/completions', {model: 'small', messages: HI});
  expect(late.status).toBe(503);
  expect((await fetch(`${url}/health`)).status).toBe(503);
});
