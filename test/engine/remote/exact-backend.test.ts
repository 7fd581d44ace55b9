import {describe, expect, onTestFinished, test} from 'vitest';
import type {ChatCompletionRequest} from '../../../src/engine/contract/requests.ts';
import {LocalBackend} from '../../../src/engine/local/local-backend.ts';
import {openExactRemote} from '../../../src/engine/remote/exact-backend.ts';
import type {LoadedTokenizer} from '../../../src/engine/template/load-tokenizer.ts';
import {stated} from '../../../src/engine/template/version/detect.ts';
import {createApp} from '../../../src/serve/app.ts';
import {backendContract, eventsOf} from '../../contract/backend.ts';
import {type Asked, httpServer, json, sse} from '../../fakes/http-server.ts';
import {type Script, ScriptedTokenModel} from '../../fakes/scripted-token-model.ts';
import {toyAnswers} from '../../fakes/toy-answers.ts';
import {toyTokenizer} from '../../fakes/toy-tokenizer.ts';
import {OPTIONS} from '../../serve/app-options.ts';

const never = new AbortController().signal;
const tokenizer = toyTokenizer();
const V3: LoadedTokenizer = {
  tokenizer,
  version: 'v3',
  versionReason: 'as asked for',
  template: stated('v3', 'as asked for'),
  modelSettings: undefined,
  path: 'toy',
};
const hello: ChatCompletionRequest = {messages: [{role: 'user', content: 'Hi'}], sampling: {temperature: 0}};
const TOOL_CALLS = 9;
const CALL = [TOOL_CALLS, ...tokenizer.encode('[{"name": "f", "arguments": {"a": 1}, "id": "abcdefghi"}]')];

/** The backend over our own server, whose model answers with `answer`. */
async function ownServer(answer: readonly number[] | Script['answer'], loaded = V3) {
  const tokenModel = new ScriptedTokenModel({answer: typeof answer === 'function' ? answer : () => answer});
  const parts = {tokenModel, tokenizer, template: stated('v7', 'another one than here'), id: 'toy'} as const;
  const local = new LocalBackend({...parts, path: undefined, trainedContextSize: 2048, device: 'script'});
  const {app} = await createApp(Promise.resolve(local), OPTIONS);
  onTestFinished(() => app.close());
  const url = `${await app.listen({port: 0, host: '127.0.0.1'})}/v1`;
  return {backend: await openExactRemote({url, env: {}}, loaded), tokenModel};
}

describe('over our own server', () => {
  backendContract({
    open: async () => (await ownServer(toyAnswers('v3'))).backend,
    calls: 'asked',
    reasons: false,
    logprobs: true,
    enforces: false,
  });
});

test('the prompt is the one rendered here, whatever template the server has', async () => {
  const {backend, tokenModel} = await ownServer([...tokenizer.encode('Hello'), 2]);
  const events = await eventsOf(backend.chat(hello, never));
  const {tokens} = (await backend.render?.(hello)) ?? {tokens: []};
  expect(tokens).toEqual([1, 3, ...tokenizer.encode('Hi'), 4]);
  expect(tokenModel.calls.at(-1)?.prompt).toEqual(tokens);
  expect(events[0]).toEqual({type: 'prompt', tokens, cached: 0});
  expect(events.at(-1)).toMatchObject({reason: 'stop', usage: {promptTokens: 5, completionTokens: 6}});
});

test('a tool call is read from its tokens, log-probabilities come with theirs', async () => {
  const {backend} = await ownServer([...CALL, 2]);
  const tools = [{name: 'f', description: '', parameters: new Map()}];
  const events = await eventsOf(backend.chat({...hello, tools}, never));
  expect(events.find(({type}) => type === 'tool_call')).toMatchObject({
    call: {id: 'abcdefghi', name: 'f', arguments: '{"a": 1}'},
  });
  const text = await ownServer([...tokenizer.encode('ab'), 2]);
  const sampling = {temperature: 0, topLogprobs: 0};
  const told = (await eventsOf(text.backend.chat({...hello, sampling}, never))).flatMap((event) =>
    event.type === 'text' ? (event.logprobs ?? []) : [],
  );
  expect(told.map(({token}) => token)).toEqual(tokenizer.encode('ab'));
});

test('tools that may be called do not change whose prompt it is, tools that must be do', async () => {
  const {url, asked} = await cluster(({path}) =>
    path.endsWith('/chat/completions')
      ? [{choices: [{delta: {}, finish_reason: 'stop'}]}]
      : [step([...CALL, 2], 'stop')],
  );
  const backend = await openExactRemote({url, env: {}}, V3);
  const request = {...hello, tools: [{name: 'f', description: '', parameters: new Map()}]};
  const events = await eventsOf(backend.chat(request, never));
  expect(asked().at(-1)).toMatchObject({
    path: '/v1/completions',
    body: {prompt: (await backend.render?.(request))?.tokens},
  });
  expect(events[1]).toMatchObject({type: 'tool_call', call: {id: 'abcdefghi', name: 'f', arguments: '{"a": 1}'}});
  await eventsOf(backend.chat({...request, toolChoice: 'none'}, never));
  expect(asked().at(-1)?.body).toMatchObject({logit_bias: {[TOOL_CALLS]: -100}});
  await eventsOf(backend.chat({...request, toolChoice: 'any'}, never));
  expect(asked().at(-1)?.path).toBe('/v1/chat/completions');
});

test('fill-in-the-middle is the prompt made here', async () => {
  const {backend, tokenModel} = await ownServer([...tokenizer.encode('x'), 2]);
  await eventsOf(backend.fim({prompt: 'a', suffix: 'b', sampling: {temperature: 0}}, never));
  expect(tokenModel.calls.at(-1)?.prompt).toEqual([1, 16, 286, ...tokenizer.encode('b'), 14, ...tokenizer.encode('a')]);
});

describe('a thinking budget', () => {
  const [OPEN, CLOSE, x] = [35, 36, 220];
  /** A server whose model thinks on unless the prompt holds the end of its thought. */
  const thinking = (answer: Script['answer']) =>
    ownServer(answer, {...V3, version: 'v13', template: stated('v13', 'as asked for')});
  const script: Script['answer'] = (prompt) => {
    if (prompt.includes(CLOSE)) return [...tokenizer.encode('ok'), 2];
    return prompt.includes(OPEN) ? Array(50).fill(x) : [OPEN, ...Array(50).fill(x)];
  };
  const ask = (thinkingBudget: number, rest = {}) => ({...hello, sampling: {temperature: 0, thinkingBudget, ...rest}});

  test.each([1, 7, 20])('of %i tokens is kept over a server that knows of none', async (budget) => {
    const {backend, tokenModel} = await thinking(script);
    const events = await eventsOf(backend.chat(ask(budget), never));
    const texts = (type: 'text' | 'reasoning') => events.flatMap((one) => (one.type === type ? one.text : [])).join('');
    expect({thought: texts('reasoning'), said: texts('text')}).toEqual({thought: 'x'.repeat(budget), said: 'ok'});
    expect(events.at(-1)).toMatchObject({
      reason: 'stop',
      thinkingCut: true,
      usage: {reasoningTokens: budget, completionTokens: budget + 5},
    });
    const prompt = (await backend.render?.(hello))?.tokens ?? [];
    expect(tokenModel.calls.at(-1)?.prompt).toEqual([...prompt, OPEN, ...Array(budget).fill(x), CLOSE]);
  });

  test('of 0 keeps the thought from beginning', async () => {
    const {backend, tokenModel} = await thinking(() => [...tokenizer.encode('ok'), 2]);
    await eventsOf(backend.chat(ask(0), never));
    expect([...(tokenModel.calls.at(-1)?.options.sampling.logitBias ?? [])]).toEqual([
      [OPEN, -100],
      [CLOSE, -100],
    ]);
  });

  test('an end of the answer inside the thought is asked for anew without it', async () => {
    const {backend, tokenModel} = await thinking((prompt) => {
      return prompt.includes(OPEN) ? [x, CLOSE, ...tokenizer.encode('ok'), 2] : [OPEN, x, 2];
    });
    const events = await eventsOf(backend.chat(ask(9), never));
    expect(events.at(-1)).toMatchObject({reason: 'stop', usage: {reasoningTokens: 2}});
    expect(events.at(-1)).not.toHaveProperty('thinkingCut');
    expect([...(tokenModel.calls.at(-1)?.options.sampling.logitBias ?? [])]).toEqual([[2, -100]]);
  });

  test('max_tokens holds over all requests together', async () => {
    const {backend, tokenModel} = await thinking(script);
    const events = await eventsOf(backend.chat(ask(20, {maxTokens: 100}), never));
    expect(events.at(-1)).toMatchObject({reason: 'stop', usage: {completionTokens: 25}});
    expect(tokenModel.calls.map(({options}) => options.sampling.maxTokens).slice(-2)).toEqual([100, 78]);
  });
});

/** A cluster like vLLM: no /completion, and ids in the chunks of /v1/completions. */
async function cluster(chunks: (asked: Asked) => readonly unknown[]) {
  const {url, asked} = await httpServer((one, response) => {
    if (one.path.endsWith('/models')) return json(response, {data: [{id: 'large', max_model_len: 100}]});
    if (one.path === '/completion') return json(response, {detail: 'Not Found'}, 404);
    return sse(response, chunks(one));
  });
  return {url: `${url}/v1`, asked: () => asked.filter(({method}) => method === 'POST')};
}

const step = (token_ids: readonly number[], finish_reason: string | null = null, logprobs: unknown = null) => ({
  choices: [{text: '', token_ids, finish_reason, logprobs}],
});

test('vLLM is asked for ids, with what keeps the prompt as it is, and its own end is not told twice', async () => {
  const {url, asked} = await cluster(() => [step([tokenizer.encode('a')[0] ?? 0]), step([2], 'stop')]);
  const backend = await openExactRemote({url, env: {}}, V3);
  expect(
    (await eventsOf(backend.chat({...hello, sampling: {temperature: 0, stop: ['x']}}, never))).slice(1),
  ).toMatchObject([
    {type: 'text', text: 'a'},
    {type: 'finish', reason: 'stop', usage: {promptTokens: 5, completionTokens: 2}},
  ]);
  expect(asked().at(-1)?.body).toEqual({
    model: 'large',
    prompt: [1, 3, ...tokenizer.encode('Hi'), 4],
    temperature: 0,
    max_tokens: 95,
    add_special_tokens: false,
    skip_special_tokens: false,
    return_token_ids: true,
    return_tokens_as_token_ids: true,
    stream: true,
  });
});

test('an older vLLM tells the ids with the log-probabilities', async () => {
  const [a = 0, b = 0] = tokenizer.encode('ab');
  const logprobs = {tokens: [`token_id:${a}`], token_logprobs: [-0.5], top_logprobs: [{[`token_id:${b}`]: -1}]};
  const {url} = await cluster(() => [{choices: [{text: 'a', logprobs, finish_reason: 'stop'}]}]);
  const backend = await openExactRemote({url, env: {}}, V3);
  const sampling = {temperature: 0, topLogprobs: 1};
  expect((await eventsOf(backend.chat({...hello, sampling}, never)))[1]).toEqual({
    type: 'text',
    text: 'a',
    logprobs: [{token: a, text: 'a', logprob: -0.5, top: [{token: b, logprob: -1}]}],
  });
});

test('a text without ids in the middle of an answer is a failure: it would be lost', async () => {
  let requests = 0;
  const {url} = await cluster(() => {
    requests += 1;
    return requests === 1 ? [step([100], 'length')] : [step([100]), {choices: [{text: 'lost', finish_reason: null}]}];
  });
  const backend = await openExactRemote({url, env: {}}, V3);
  await expect(eventsOf(backend.chat(hello, never))).rejects.toMatchObject({code: 'unsupported'});
});

test('a server that tells texts alone is refused with what to do', async () => {
  const {url} = await cluster(() => [{choices: [{text: 'a', finish_reason: 'stop'}]}]);
  await expect(openExactRemote({url, env: {}}, V3)).rejects.toMatchObject({
    code: 'unsupported',
    hint: expect.stringContaining('--tokenizer'),
  });
});

test('a server that fails is not taken for one without the route, whatever its words', async () => {
  const {url, asked} = await httpServer((one, response) => {
    if (one.path.endsWith('/models')) return json(response, {data: [{id: 'large'}]});
    return json(response, {error: {message: 'upstream answered 404: no route'}}, 500);
  });
  const opening = openExactRemote({url: `${url}/v1`, env: {}}, V3);
  await expect(opening).rejects.toMatchObject({code: 'backend_failed', remote: {status: 500}});
  expect(asked.map(({path}) => path)).toEqual(['/v1/models', '/completion']);
});

test('an answer that must have a form goes to the chat route, whose grammar holds it', async () => {
  const {url, asked} = await cluster(({path}) =>
    path.endsWith('/chat/completions')
      ? [{choices: [{delta: {content: '{}'}, finish_reason: 'stop'}]}]
      : [step([100], 'length')],
  );
  const backend = await openExactRemote({url, env: {}}, V3);
  await eventsOf(backend.chat({...hello, responseFormat: {type: 'json_object'}}, never));
  expect(asked().at(-1)).toMatchObject({path: '/v1/chat/completions', body: {response_format: {type: 'json_object'}}});
});
