import {setTimeout as sleep} from 'node:timers/promises';
import {expect, test} from 'vitest';
import {EngineError} from '../../../src/base/errors.ts';
import {fitInfill} from '../../../src/serve/llama-server/infill.ts';
import {ScriptedBackend} from '../../fakes/scripted-backend.ts';
import {serverOn, testServer} from '../server.ts';

test('a completion in the native form', async () => {
  const {post, backend} = await testServer(['b', 'c'], {slots: 2});
  const reply = await post('/completion', {prompt: 'a', n_predict: 5, seed: -1, id_slot: 1, top_k: 40});
  expect(reply.json()).toMatchObject({
    content: 'bc',
    stop: true,
    stop_type: 'eos',
    stopping_word: '',
    tokens_predicted: 2,
    tokens_evaluated: 2,
    tokens_cached: 4,
    prompt: '<s>a',
    model: 'scripted',
    id_slot: 1,
    index: 0,
    truncated: false,
    generation_settings: {n_ctx: 256, n_predict: 5, top_k: 40},
    timings: {prompt_n: 2, predicted_n: 2, predicted_ms: 100, cache_n: 0},
  });
  expect(backend.calls[0]?.request.sampling).toEqual({temperature: 0.7, maxTokens: 5, topK: 40});
});

test('n_predict -1 and absent set no limit, 0 only evaluates the prompt', async () => {
  const {post, backend} = await testServer(['b']);
  await post('/completion', {prompt: 'a'});
  await post('/completion', {prompt: 'a', n_predict: -1});
  const warmed = (await post('/completion', {prompt: 'a', n_predict: 0})).json();
  expect(warmed).toMatchObject({content: '', stop_type: 'limit', tokens_predicted: 0, tokens_evaluated: 2});
  expect(backend.calls.map(({request}) => request.sampling.maxTokens)).toEqual([undefined, undefined, 1]);
});

test('a stream has parts with the text and a last one with everything else', async () => {
  const {post} = await testServer(['b', 'c', {finish: 'stop', stop: 'END'}]);
  const events = (await post('/completion', {prompt: 'a', stream: true, stop: ['END']})).events();
  expect(events.map(({content, stop}) => [content, stop])).toEqual([
    ['b', false],
    ['c', false],
    ['', true],
  ]);
  expect(events[2]).toMatchObject({stop_type: 'word', stopping_word: 'END', timings: {predicted_n: 2}});
});

test('texts and ids mix in a prompt', async () => {
  const {post, backend} = await testServer(['x']);
  await post('/completion', {prompt: [1, 'ab', 100]});
  expect(backend.calls[0]?.request).toMatchObject({prompt: [1, 197, 198, 100]});
  const refused = await post('/completion', {prompt: [1, 9999]});
  expect(refused.status).toBe(400);
});

test('probabilities and ids of the tokens, and biases as pairs', async () => {
  const {post, backend} = await testServer(['b']);
  const body = {
    prompt: 'a',
    n_probs: 1,
    return_tokens: true,
    logit_bias: [
      [5, false],
      [6, 2.5],
    ],
  };
  const reply = (await post('/completion', body)).json();
  expect(reply.tokens).toEqual([198]);
  expect(reply.completion_probabilities).toEqual([
    {
      id: 198,
      token: 'b',
      bytes: [98],
      logprob: -0.25,
      top_logprobs: [{id: 198, token: 'b', bytes: [98], logprob: -0.25}],
    },
  ]);
  expect(backend.calls[0]?.request.sampling.logitBias).toEqual(
    new Map([
      [5, -100],
      [6, 2.5],
    ]),
  );
});

test('n_cmpl gives a list', async () => {
  const {post} = await testServer(['b']);
  const reply = (await post('/completion', {prompt: 'a', n_cmpl: 2})).json();
  expect(reply.map(({index, content}: {index: number; content: string}) => [index, content])).toEqual([
    [0, 'b'],
    [1, 'b'],
  ]);
});

test('the time limit ends an answer once it has a line', async () => {
  const {post, backend} = await testServer(['one', () => sleep(15), ' line\n', 'two', 'three']);
  const reply = (await post('/completion', {prompt: 'a', t_max_predict_ms: 10})).json();
  expect(reply).toMatchObject({content: 'one line\n', stop_type: 'limit'});
  expect(backend.finished).toEqual(['aborted']);
});

test('infill puts other files, prefix and prompt before the gap', async () => {
  const {post, backend} = await testServer(['mid']);
  const reply = await post('/infill', {
    input_prefix: 'def f(',
    input_suffix: '):',
    input_extra: [{filename: 'a.py', text: 'x = 1'}],
    prompt: 'self',
    n_predict: 8,
    samplers: ['top_k', 'top_p', 'infill'],
    t_max_prompt_ms: 500,
    n_indent: 4,
    cache_prompt: true,
  });
  expect(reply.json()).toMatchObject({content: 'mid', stop: true});
  expect(backend.calls[0]).toMatchObject({
    kind: 'fim',
    request: {prompt: '# File: a.py\nx = 1\n\ndef f(self', suffix: '):', sampling: {maxTokens: 8}},
  });
});

test('an infill too long for the context loses its extras, then the far ends', async () => {
  const backend = new ScriptedBackend([], {contextSize: 24});
  const extras = [{text: 'x', filename: undefined}];
  const texts = {prefix: '0123456789abcdefghij', suffix: 'ABCDEFGHIJ', extras, answerLength: 4};
  expect(await fitInfill(texts, backend)).toEqual({prompt: '89abcdefghij', suffix: 'ABCD'});
  expect(await fitInfill({...texts, prefix: 'ab'}, backend)).toEqual({prompt: 'ab', suffix: 'ABCDEFGHIJ'});
});

test('of several extras the last ones stay', async () => {
  const backend = new ScriptedBackend([], {contextSize: 40});
  const extras = ['a', 'b', 'c'].map((text) => ({text, filename: 'f'}));
  const {prompt} = await fitInfill({prefix: 'p', suffix: '', extras, answerLength: 0}, backend);
  expect(prompt).toBe('# File: f\nb\n\n# File: f\nc\n\np');
});

test('errors have a number for code, and a full context the two numbers an editor reads', async () => {
  const tooLong = () => {
    throw new EngineError('context_length_exceeded', 'too long', {context: {promptTokens: 9, contextSize: 8}});
  };
  const {post} = await testServer([tooLong]);
  // The scripted backend announces the prompt first, so a stream has been opened by then.
  expect(await post('/completion', {prompt: 'a'})).toMatchObject({status: 400});
  expect((await post('/completion', {prompt: 'a'})).json()).toEqual({
    error: {code: 400, message: 'too long', type: 'exceed_context_size_error', n_prompt_tokens: 9, n_ctx: 8},
  });
  expect((await post('/completion', {})).json().error).toMatchObject({code: 400, type: 'invalid_request_error'});
});

test('n_predict may be larger than any context, wins over max_tokens, and is named when it is wrong', async () => {
  const {post, backend} = await testServer(['x']);
  await post('/completion', {prompt: 'a', n_predict: 2 ** 40});
  await post('/completion', {prompt: 'a', n_predict: 3, max_tokens: 5});
  await post('/infill', {input_prefix: 'a', input_suffix: 'b', n_predict: null, max_tokens: 5});
  expect(backend.calls.map(({request: {sampling}}) => sampling.maxTokens)).toEqual([2147483647, 3, 5]);
  for (const n_predict of [-2, 1.5, '3']) {
    const reply = await post('/completion', {prompt: 'a', n_predict});
    expect([reply.status, reply.text]).toEqual([
      400,
      expect.stringContaining("'n_predict': expected an integer, at least 0"),
    ]);
  }
});

test('the rates of an answer are numbers, also of one token, which took no time', async () => {
  let ms = 0;
  const {post} = await serverOn(new ScriptedBackend(['x'], {}, () => ms++));
  const {timings} = (await post('/completion', {prompt: 'a'})).json();
  expect(timings.prompt_per_second).toBe(0);
  expect(Object.entries(timings).filter(([, value]) => !Number.isFinite(value))).toEqual([]);
});
