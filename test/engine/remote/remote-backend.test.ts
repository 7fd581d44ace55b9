import type {ServerResponse} from 'node:http';
import {describe, expect, onTestFinished, test} from 'vitest';
import {parseJson} from '../../../src/base/json.ts';
import type {GenerationEvent} from '../../../src/engine/contract/backend.ts';
import type {ChatCompletionRequest} from '../../../src/engine/contract/requests.ts';
import {LocalBackend} from '../../../src/engine/local/local-backend.ts';
import {openRemote, type RemoteOptions} from '../../../src/engine/remote/remote-backend.ts';
import {stated} from '../../../src/engine/template/version/detect.ts';
import {createApp} from '../../../src/serve/app.ts';
import {backendContract, eventsOf} from '../../contract/backend.ts';
import {type Asked, httpServer, json, sse} from '../../fakes/http-server.ts';
import {ScriptedTokenModel} from '../../fakes/scripted-token-model.ts';
import {toyAnswers} from '../../fakes/toy-answers.ts';
import {toyTokenizer} from '../../fakes/toy-tokenizer.ts';
import {proxyServer} from '../../fixtures/proxy-server.ts';
import {OPTIONS} from '../../serve/app-options.ts';

const never = new AbortController().signal;
const hello: ChatCompletionRequest = {messages: [{role: 'user', content: 'Hi'}], sampling: {temperature: 0}};
const word = (content: string, finish_reason: string | null = null) => ({choices: [{delta: {content}, finish_reason}]});
const WHOLE = [word('Hel'), word('lo', 'stop')];
const texts = (events: readonly GenerationEvent[]) =>
  events.map((event) => (event.type === 'text' ? event.text : '')).join('');

/** A cluster that lists one model and answers everything else with `answer`. */
async function cluster(
  answer: (asked: Asked, response: ServerResponse) => unknown,
  options: Partial<RemoteOptions> = {},
) {
  const {url, asked} = await httpServer((one, response) => {
    if (one.path.endsWith('/models')) return json(response, {data: [{id: 'large', max_model_len: 4096}]});
    return answer(one, response);
  });
  const backend = await openRemote({url: `${url}/v1/`, env: {}, backoffMs: 1, ...options});
  return {backend, asked: () => asked.filter(({path}) => !path.endsWith('/models'))};
}

describe.each(['v3', 'v13'] as const)('over our own server with the template %s', (version) => {
  const open = async () => {
    const local = new LocalBackend({
      tokenModel: new ScriptedTokenModel({answer: toyAnswers(version)}),
      tokenizer: toyTokenizer(),
      template: stated(version, 'as asked for'),
      id: 'toy',
      path: undefined,
      trainedContextSize: 2048,
      device: 'script',
    });
    const {app} = await createApp(Promise.resolve(local), OPTIONS);
    onTestFinished(() => app.close());
    return openRemote({url: `${await app.listen({port: 0, host: '127.0.0.1'})}/v1`, env: {}});
  };
  backendContract({open, calls: 'asked', reasons: version === 'v13', logprobs: false, enforces: false});
});

test('a server that refuses to list its models is not asked further, also where the model is named', async () => {
  const {url} = await httpServer((_one, response) => json(response, {error: {message: 'no'}}, 404));
  await expect(openRemote({url: `${url}/v1`, model: 'mine', env: {}})).rejects.toMatchObject({code: 'model_not_found'});
});

test('the first model of the list is taken, its context size under any of its names', async () => {
  const {backend} = await cluster(() => {});
  expect(backend.model).toMatchObject({id: 'large', contextSize: 4096, device: expect.stringMatching(/^remote, 127/)});
});

test('a request keeps schemas and numbers exactly, and asks for the usage', async () => {
  const {backend, asked} = await cluster((_one, response) => sse(response, WHOLE), {apiKey: 'k'});
  const parameters = parseJson('{"b": 1.0, "10": 12345678901234567890}');
  const request: ChatCompletionRequest = {
    messages: [...hello.messages, {role: 'assistant', toolCalls: [{id: 'abcdefghi', name: 'f', arguments: '{"a":1}'}]}],
    tools: [{name: 'f', description: '', parameters}],
    toolChoice: 'any',
    sampling: {temperature: 0.5, maxTokens: 9, seed: 3, topK: 4, stop: ['x']},
  };
  expect(texts(await eventsOf(backend.chat(request, never)))).toBe('Hello');
  const [one] = asked();
  expect(one?.text).toContain('"parameters": {"b": 1.0, "10": 12345678901234567890}');
  expect(one?.headers.authorization).toBe('Bearer k');
  expect(one?.body).toMatchObject({
    model: 'large',
    tool_choice: 'required',
    max_tokens: 9,
    seed: 3,
    top_k: 4,
    stop: ['x'],
    stream_options: {include_usage: true},
    messages: [{role: 'user'}, {tool_calls: [{id: 'abcdefghi', function: {name: 'f', arguments: '{"a":1}'}}]}],
  });
});

test('an effort is sent as it was asked for, else the one of all requests', async () => {
  const {backend, asked} = await cluster((_one, response) => sse(response, WHOLE), {reasoningEffort: 'high'});
  await eventsOf(backend.chat(hello, never));
  await eventsOf(backend.chat({...hello, reasoningEffort: 'ultra'}, never));
  expect(asked().map(({body}) => body)).toMatchObject([{reasoning_effort: 'high'}, {reasoning_effort: 'ultra'}]);
});

test.each([
  [3, undefined],
  [5, 'the server did not keep the thinking budget of 4 tokens: it took 5'],
  [undefined, 'the server does not say whether it kept the thinking budget of 4 tokens'],
])('a budget is sent under all its names; a server that took %s tokens: %s', async (reasoning_tokens, note) => {
  const usage = {prompt_tokens: 1, completion_tokens: 9, completion_tokens_details: {reasoning_tokens}};
  const chunks = [{choices: [{delta: {reasoning_content: 'hm'}}]}, word('Hi', 'stop'), {choices: [], usage}];
  const {backend, asked} = await cluster((_one, response) => sse(response, chunks));
  const events = await eventsOf(backend.chat({...hello, sampling: {temperature: 0, thinkingBudget: 4}}, never));
  expect(asked()[0]?.body).toMatchObject({
    thinking_budget: 4,
    thinking_token_budget: 4,
    thinking_budget_tokens: 4,
  });
  expect(events.at(-1)).toMatchObject({type: 'finish', ...(note && {notes: [note]})});
  if (note === undefined) expect(events.at(-1)).not.toHaveProperty('notes');
});

test('what our own server says of an answer is told here too, as far as it is short', async () => {
  const notes = [...Array(9).fill('n'), 5];
  const chunk = (told: unknown) => ({
    choices: [{delta: {content: 'Hi'}, finish_reason: 'stop', thinking_cut: true, notes: told}],
  });
  const finish = async (told: unknown) => {
    const {backend} = await cluster((_one, response) => sse(response, [chunk(told)]));
    return (await eventsOf(backend.chat(hello, never))).at(-1);
  };
  expect(await finish(notes.slice(0, 9))).toMatchObject({thinkingCut: true, notes: Array(8).fill('n')});
  expect(await finish(['x'.repeat(501)])).toMatchObject({notes: ['x'.repeat(500)]});
  expect(await finish(notes)).not.toHaveProperty('notes');
  expect(await finish('n')).not.toHaveProperty('notes');
});

test('tool calls in pieces and whole, reasoning in both spellings, usage at the end', async () => {
  const call = (index: number, rest: object) => ({choices: [{delta: {tool_calls: [{index, ...rest}]}}]});
  const {backend} = await cluster((_one, response) =>
    sse(response, [
      {choices: [{delta: {role: 'assistant', content: ''}}]},
      {choices: [{delta: {reasoning_content: 'h'}}]},
      {choices: [{delta: {content: [{type: 'thinking', thinking: [{type: 'text', text: 'm'}]}]}}]},
      call(0, {id: 'aaaaaaaaa', function: {name: 'f', arguments: '{"a'}}),
      call(0, {function: {arguments: '":1}'}}),
      call(1, {id: 'bbbbbbbbb', function: {name: 'g', arguments: {b: 2}}}),
      {choices: [{delta: {}, finish_reason: 'tool_calls'}]},
      {choices: [], usage: {prompt_tokens: 7, completion_tokens: 5, prompt_tokens_details: {cached_tokens: 3}}},
    ]),
  );
  expect(await eventsOf(backend.chat(hello, never))).toMatchObject([
    {type: 'prompt'},
    {type: 'reasoning', text: 'h'},
    {type: 'reasoning', text: 'm'},
    {type: 'tool_call', call: {id: 'aaaaaaaaa', name: 'f', arguments: '{"a":1}'}},
    {type: 'tool_call', call: {id: 'bbbbbbbbb', name: 'g', arguments: '{"b":2}'}},
    {type: 'finish', reason: 'tool_calls', usage: {promptTokens: 7, cachedTokens: 3, completionTokens: 5}},
  ]);
});

test.each([
  ['stop', [{type: 'text', text: 'f{"a":'}]],
  ['length', []],
])('a call that is none, ended by %s', async (finish_reason, expected) => {
  const call = {index: 0, id: 'aaaaaaaaa', function: {name: 'f', arguments: '{"a":'}};
  const {backend} = await cluster((_one, response) =>
    sse(response, [{choices: [{delta: {tool_calls: [call]}, finish_reason}]}]),
  );
  expect((await eventsOf(backend.chat(hello, never))).slice(1, -1)).toEqual(expected);
});

test.each(['null', '5', 'true', '"a"', '[1]', '{'])('arguments that are %s are no call, but text', async (args) => {
  const call = {index: 0, id: 'aaaaaaaaa', function: {name: 'f', arguments: args}};
  const {backend} = await cluster((_one, response) =>
    sse(response, [{choices: [{delta: {tool_calls: [call]}, finish_reason: 'stop'}]}]),
  );
  expect((await eventsOf(backend.chat(hello, never))).slice(1, -1)).toEqual([{type: 'text', text: `f${args}`}]);
});

test('a call without arguments has none', async () => {
  const call = {index: 0, id: 'aaaaaaaaa', function: {name: 'f', arguments: ''}};
  const {backend} = await cluster((_one, response) =>
    sse(response, [{choices: [{delta: {tool_calls: [call]}, finish_reason: 'tool_calls'}]}]),
  );
  expect((await eventsOf(backend.chat(hello, never)))[1]).toMatchObject({call: {name: 'f', arguments: '{}'}});
});

test('the space vLLM begins a message with is no part of it; one behind a prefix is', async () => {
  const {backend} = await cluster((_one, response) =>
    sse(response, [word(''), word(' '), word(' a'), word('', 'stop')]),
  );
  expect(texts(await eventsOf(backend.chat(hello, never)))).toBe(' a');
  const prefix = {role: 'assistant', content: 'It is', prefix: true} as const;
  const continued = {...hello, messages: [...hello.messages, prefix]};
  expect(texts(await eventsOf(backend.chat(continued, never)))).toBe('  a');
  expect(texts(await eventsOf(backend.complete({prompt: 'a', sampling: {temperature: 0}}, never)))).toBe('  a');
});

test('an answer is gone on with as vLLM wants it said, and not said to others', async () => {
  const {backend, asked} = await cluster((_one, response) => sse(response, WHOLE));
  const messages = [...hello.messages, {role: 'assistant', content: 'It is', prefix: true} as const];
  await eventsOf(backend.chat({...hello, messages}, never));
  expect(asked()[0]?.body).toMatchObject({
    messages: [{role: 'user'}, {role: 'assistant', content: 'It is'}],
    continue_final_message: true,
    add_generation_prompt: false,
  });
  await eventsOf(backend.chat(hello, never));
  expect(asked()[1]?.body).not.toHaveProperty('add_generation_prompt');
});

test('a lost connection and a busy server are tried again while nothing has come', async () => {
  let tries = 0;
  const {backend} = await cluster((_one, response) => {
    tries++;
    if (tries === 1) return response.destroy();
    if (tries === 2) return json(response, {error: {message: 'busy'}}, 429, {'retry-after': '0'});
    if (tries === 3) return json(response, {}, 503);
    return sse(response, WHOLE);
  });
  expect(texts(await eventsOf(backend.chat(hello, never)))).toBe('Hello');
  expect(tries).toBe(4);
});

test('a connection that breaks in the middle of an answer is an error, not a second answer', async () => {
  const {backend, asked} = await cluster((_one, response) => {
    response.writeHead(200).write(`data: ${JSON.stringify(word('Hel'))}\n\n`, () => response.destroy());
  });
  await expect(eventsOf(backend.chat(hello, never))).rejects.toMatchObject({code: 'backend_failed'});
  expect(asked()).toHaveLength(1);
});

test('a stream that just ends, and an error inside a stream, are errors', async () => {
  const {backend: cut} = await cluster((_one, response) => sse(response, [word('Hel')]));
  await expect(eventsOf(cut.chat(hello, never))).rejects.toThrow('before the answer');
  const {backend: told} = await cluster((_one, response) => sse(response, [{error: {message: 'out of memory'}}]));
  await expect(eventsOf(told.chat(hello, never))).rejects.toThrow('out of memory');
});

test.each([
  [400, {error: {message: 'bad', param: 'n'}}, {code: 'invalid_request', param: 'n'}],
  [400, {error: {message: 'x', code: 'context_length_exceeded'}}, {code: 'context_length_exceeded'}],
  [400, {message: "This model's maximum context length is 4096"}, {code: 'context_length_exceeded'}],
  [401, {error: {message: 'no'}}, {code: 'backend_failed', hint: expect.stringContaining('--api-key-env')}],
  [404, {error: {message: 'no model'}}, {code: 'model_not_found'}],
  [422, {detail: [{loc: ['body'], msg: 'x'}]}, {code: 'invalid_request'}],
  [500, 'boom', {code: 'backend_failed', message: expect.stringContaining('answered 500: "boom"')}],
])('%i with %o', async (status, body, error) => {
  const {backend} = await cluster((_one, response) => json(response, body, status));
  await expect(eventsOf(backend.chat(hello, never))).rejects.toMatchObject(error);
});

test('nobody there is told as such', async () => {
  const opening = openRemote({url: 'http://127.0.0.1:1/v1', env: {}, retries: 0});
  await expect(opening).rejects.toMatchObject({code: 'backend_unreachable', exitCode: 5});
  await expect(openRemote({url: 'localhost:8080', env: {}})).rejects.toMatchObject({code: 'usage'});
});

test('an answer that is aborted closes the connection', async () => {
  let closed = () => {};
  const gone = new Promise<void>((resolve) => {
    closed = resolve;
  });
  const {backend} = await cluster((_one, response) => {
    response.on('close', closed);
    response.writeHead(200).write(`data: ${JSON.stringify(word('Hel'))}\n\n`);
  });
  const controller = new AbortController();
  const events: GenerationEvent[] = [];
  for await (const event of backend.chat(hello, controller.signal)) {
    events.push(event);
    if (event.type === 'text') controller.abort();
  }
  expect(events.at(-1)).toMatchObject({type: 'finish', reason: 'aborted', usage: {completionTokens: 1}});
  await gone;
});

const fim = {prompt: 'def f(', suffix: '):', sampling: {temperature: 0, maxTokens: 4}};
test.each([
  ['/v1/fim/completions', WHOLE, {prompt: 'def f(', suffix: '):', stream: true}],
  [
    '/infill',
    [
      {content: 'Hel', stop: false},
      {content: 'lo', stop: true, stop_type: 'eos'},
    ],
    {input_suffix: '):', n_predict: 4},
  ],
  ['/v1/completions', [{choices: [{text: 'Hello', finish_reason: 'stop'}]}], {suffix: '):', max_tokens: 4}],
])('fill-in-the-middle by %s, found once and kept', async (route, chunks, body) => {
  const {backend, asked} = await cluster((one, response) =>
    one.path === route ? sse(response, chunks) : json(response, {error: {message: 'no such route'}}, 404),
  );
  expect(texts(await eventsOf(backend.fim(fim, never)))).toBe('Hello');
  const first = asked().length;
  expect(texts(await eventsOf(backend.fim(fim, never)))).toBe('Hello');
  expect(asked().length - first).toBe(1);
  expect(asked().at(-1)?.body).toMatchObject(body);
});

test('a server that cannot fill in leads to one that renders here', async () => {
  const {backend} = await cluster((one, response) =>
    one.path === '/v1/completions'
      ? json(response, {error: {message: 'suffix is only supported for models with FIM completion rendering'}}, 400)
      : json(response, {detail: 'Not Found'}, 404),
  );
  await expect(eventsOf(backend.fim(fim, never))).rejects.toMatchObject({
    code: 'unsupported',
    message: expect.stringMatching(/^no fill-in-the-middle: 127\.0\.0\.1:\d+ answered 400: suffix is only supported/),
    hint: expect.stringContaining('--tokenizer'),
  });
});

test('a failure whose words name another status is what its own status says', async () => {
  const failing = {error: {message: 'upstream answered 404: suffix'}};
  const {backend, asked} = await cluster((_one, response) => json(response, failing, 500));
  await expect(eventsOf(backend.fim(fim, never))).rejects.toMatchObject({
    code: 'backend_failed',
    remote: {status: 500, message: 'upstream answered 404: suffix'},
  });
  expect(asked().map(({path}) => path)).toEqual(['/v1/fim/completions']);
});

test('what a server said is on the error, its own code and its wait included', async () => {
  const refusing = {error: {message: 'slow down', code: 'rate_limited', type: 'quota'}};
  const {backend} = await cluster((_one, response) => json(response, refusing, 429, {'retry-after': '120'}));
  await expect(eventsOf(backend.chat(hello, never))).rejects.toMatchObject({
    remote: {status: 429, message: 'slow down', code: 'rate_limited quota', retryAfterMs: 120_000},
  });
});

test('only a redirect has moved: what names a place with another status is told by its words', async () => {
  for (const status of [400, 404, 500]) {
    const {backend} = await cluster((_one, response) =>
      json(response, {error: {message: 'no'}}, status, {location: 'http://other.example/'}),
    );
    await expect(eventsOf(backend.chat(hello, never))).rejects.toThrow(new RegExp(`answered ${status}: no$`));
  }
});

test('log-probabilities are refused instead of forgotten', async () => {
  const {backend} = await cluster((_one, response) => sse(response, WHOLE));
  const request = {...hello, sampling: {temperature: 0, topLogprobs: 2}};
  await expect(eventsOf(backend.chat(request, never))).rejects.toMatchObject({code: 'unsupported'});
});

describe('streams of other servers', () => {
  const chunk = JSON.stringify(word('Hello', 'stop'));
  test.each([
    ['several data lines', `data: {"choices":\ndata: ${chunk.slice('{"choices":'.length)}\n\n`],
    ['CR alone', `data: ${chunk}\r\rdata: [DONE]\r\r`],
    ['CR LF', `data: ${chunk}\r\n\r\ndata: [DONE]\r\n\r\n`],
    ['a byte order mark', `\uFEFFdata: ${chunk}\n\n`],
    ['no space', `data:${chunk}\n\n`],
    ['comments and empty data', `: ping\n\ndata:\n\ndata: ${chunk}\n\n`],
    ['names and ids', `event: message\nid: 1\nretry: 5\ndata: ${chunk}\n\n`],
    ['no empty line at the end', `data: ${chunk}`],
  ])('%s', async (_what, text) => {
    const {backend} = await cluster((_one, response) => response.end(text));
    expect(texts(await eventsOf(backend.chat(hello, never)))).toBe('Hello');
  });
});

test('a server that asks for a date is waited for until then, one that asks for long is told', async () => {
  let tries = 0;
  const soon = await cluster(
    (_one, response) => {
      if (++tries === 1) return json(response, {}, 503, {'retry-after': new Date(0).toUTCString()});
      return sse(response, WHOLE);
    },
    {backoffMs: 60_000},
  );
  expect(texts(await eventsOf(soon.backend.chat(hello, never)))).toBe('Hello');
  const long = await cluster((_one, response) => json(response, {}, 429, {'retry-after': '3600'}));
  await expect(eventsOf(long.backend.chat(hello, never))).rejects.toMatchObject({
    code: 'backend_failed',
    hint: 'The server asks to wait 3600 s.',
    remote: {status: 429, retryAfterMs: 3_600_000},
  });
  expect(long.asked()).toHaveLength(1);
});

test('neither a key nor a prompt follows a redirect to another host', async () => {
  const other = await httpServer((_one, response) => json(response, {data: [{id: 'x'}]}));
  const {backend} = await cluster((_one, response) => json(response, {}, 307, {location: `${other.url}/v1`}), {
    apiKey: 'secret',
  });
  await expect(eventsOf(backend.chat(hello, never))).rejects.toMatchObject({
    message: expect.stringMatching(/^127\.0\.0\.1:\d+ answered 307: it has moved to http:\/\/127\.0\.0\.1:\d+\/v1$/),
    hint: expect.stringContaining('give that one with --url'),
  });
  const moved = await httpServer((_one, response) => json(response, {}, 301, {location: `${other.url}/v1/models`}));
  const opening = openRemote({url: `${moved.url}/v1`, env: {}, apiKey: 'secret'});
  await expect(opening).rejects.toMatchObject({remote: {status: 301}});
  expect(other.asked).toEqual([]);
});

test('a server elsewhere is asked through the proxy, with the key; NO_PROXY goes past it', async () => {
  const {url, asked} = await httpServer((one, response) =>
    one.path.endsWith('/models') ? json(response, {data: [{id: 'large'}]}) : sse(response, WHOLE),
  );
  const proxy = await proxyServer({leadsTo: new URL(url).host});
  const options = {url: 'http://cluster.internal:8000/v1', apiKey: 'secret', retries: 0};
  const backend = await openRemote({...options, env: {HTTP_PROXY: proxy.url}});
  expect(texts(await eventsOf(backend.chat(hello, never)))).toBe('Hello');
  await backend.close();
  expect(proxy.asked).toEqual(['cluster.internal:8000', 'cluster.internal:8000']);
  expect(asked.map(({headers}) => headers.authorization)).toEqual(['Bearer secret', 'Bearer secret']);
  const past = openRemote({...options, env: {HTTP_PROXY: proxy.url, NO_PROXY: 'cluster.internal'}});
  await expect(past).rejects.toMatchObject({
    message: expect.stringMatching(/^cluster\.internal:8000 cannot be reached: /),
  });
  expect(proxy.asked).toHaveLength(2);
});

test('a list that is none is no hindrance where the model is named', async () => {
  for (const list of ['null', '[]', '{"data":{}}', '{"data":[null,{"id":5},{}]}', '<html>Sign in']) {
    const {url} = await httpServer((one, response) =>
      one.path.endsWith('/models') ? response.end(list) : sse(response, WHOLE),
    );
    const backend = await openRemote({url: `${url}/v1`, env: {}, model: 'm'});
    expect(backend.model.id).toBe('m');
    const unnamed = openRemote({url: `${url}/v1`, env: {}});
    await expect(unnamed).rejects.toMatchObject({code: list.startsWith('<') ? 'backend_failed' : 'model_not_found'});
  }
});

test('what a server says is recommended for its model is taken, figures that cannot be are not', async () => {
  const recommended = async (model_sampling: unknown) => {
    const {url} = await httpServer((_, response) => json(response, {data: [{id: 'a', model_sampling}]}));
    return (await openRemote({url: `${url}/v1`, env: {}})).model.sampling;
  };
  expect(await recommended({temperature: 0.15, top_k: 20, top_p: 7, seed: 'x'})).toBeUndefined();
  expect(await recommended({temperature: 0.15, top_k: 20, top_p: 7, unknown: 1})).toEqual({
    temperature: {value: 0.15, origin: 'the server'},
    topK: {value: 20, origin: 'the server'},
  });
  expect(await recommended(undefined)).toBeUndefined();
  expect(await recommended([1])).toBeUndefined();
});
