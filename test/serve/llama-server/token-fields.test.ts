import {expect, test} from 'vitest';
import {OPTIONS} from '../app-options.ts';
import {testServer} from '../server.ts';

const limitsOf = (backend: {calls: readonly {request: {sampling: unknown}}[]}) => backend.calls[0]?.request.sampling;

test.each([
  ['/completion', {prompt: 'a'}],
  ['/infill', {input_prefix: 'a', input_suffix: 'b'}],
  ['/v1/completions', {prompt: 'a'}],
  ['/v1/chat/completions', {messages: [{role: 'user', content: 'a'}]}],
  ['/v1/fim/completions', {prompt: 'a'}],
  ['/v1/messages', {messages: [{role: 'user', content: 'a'}]}],
  ['/v1/responses', {input: 'a'}],
] as const)('%s: what may be in an answer and how it ends reaches the engine', async (url, body) => {
  const {post, backend} = await testServer(['x']);
  const reply = await post(url, {
    ...body,
    min_tokens: 3,
    stop_token_ids: [5],
    allowed_token_ids: [198],
    bad_words: ['no'],
    include_stop_str_in_output: true,
    repeat_last_n: 128,
    logit_bias: {7: 1, ' the ': -1, no: false},
  });
  expect({status: reply.status, told: reply.headers['x-mistral-warnings']}).toEqual({status: 200, told: undefined});
  expect(limitsOf(backend)).toMatchObject({
    limits: {
      minTokens: 3,
      stopTokens: [5],
      allowedTokens: [198],
      badWords: ['no'],
      wordBias: [
        [' the ', -1],
        ['no', -100],
      ],
    },
    keepStop: true,
    repeatWindow: 128,
    logitBias: new Map([[7, 1]]),
  });
});

test.each(['min_tokens', 'stop_token_ids', 'allowed_token_ids', 'bad_words', 'ignore_eos', 'logit_bias'])(
  '%s that asks for nothing is as if it was not there',
  async (name) => {
    const nothing = {min_tokens: 0, ignore_eos: false, logit_bias: {}}[name] ?? [];
    const {post, backend} = await testServer(['x']);
    await post('/completion', {prompt: 'a', [name]: nothing});
    expect(limitsOf(backend)).not.toHaveProperty('limits');
  },
);

test.each([
  ['min_tokens', -1],
  ['min_tokens', 1.5],
  ['stop_token_ids', [-1]],
  ['stop_token_ids', 5],
  ['allowed_token_ids', ['a']],
  ['bad_words', ['']],
  ['bad_words', 'a'],
  ['ignore_eos', 'yes'],
  ['include_stop_str_in_output', 1],
  ['repeat_last_n', -2],
  ['logit_bias', [['a', 'b']]],
  ['logit_bias', [[1.5, 1]]],
  ['logit_bias', 'a'],
  ['response_fields', 'content'],
  ['response_fields', ['']],
  ['prompt', []],
  ['prompt', [[]]],
  ['prompt', {}],
  ['prompt', [1, [2]]],
  ['prompt', {prompt_string: 1}],
  ['prompt', [{prompt_string: 'a', multimodal_data: ['x']}]],
])('%s: %j is a 400 that names it', async (name, value) => {
  const {post, backend} = await testServer();
  const reply = await post('/completion', {prompt: 'a', [name]: value});
  expect(reply.status).toBe(400);
  expect(reply.json().error.message).toContain(`'${name}`);
  expect(backend.calls).toEqual([]);
});

test('biases as objects and as pairs, of ids and texts, with values beyond their range', async () => {
  const {post, backend} = await testServer(['x']);
  await post('/completion', {
    prompt: 'a',
    logit_bias: [
      [5, false],
      [' the ', -1000],
      ['7', 2],
      [6, null],
    ],
  });
  expect(limitsOf(backend)).toMatchObject({
    logitBias: new Map([[5, -100]]),
    limits: {
      wordBias: [
        [' the ', -100],
        ['7', 2],
      ],
    },
  });
});

test.each([
  ['a list of texts', ['a', 'b'], ['a', 'b']],
  ['a list of ids', [[197], [198]], [[197], [198]]],
  ['a mixture is one prompt', ['a', 198], [[197, 198]]],
  ['a list of mixtures', ['a', [198, 'c'], {prompt_string: 'd'}], ['a', [198, 199], 'd']],
  ['an object', {prompt_string: 'd', multimodal_data: []}, ['d']],
  ['a list of one', ['a'], ['a']],
] as const)('prompts: %s', async (_name, prompt, expected) => {
  for (const url of ['/completion', '/v1/completions']) {
    const {post, backend} = await testServer(['x']);
    const reply = await post(url, {prompt});
    expect(backend.calls.map(({request}) => 'prompt' in request && request.prompt)).toEqual(expected);
    const results = url === '/completion' ? reply.json() : reply.json().choices;
    const list = Array.isArray(results) ? results : [results];
    expect(list.map(({index}: {index: number}) => index)).toEqual(expected.map((_, at) => at));
  }
});

test('several prompts with several answers each, whole and streamed, with their seeds', async () => {
  const {post, backend} = await testServer(['x']);
  const body = {prompt: ['a', 'b'], n_cmpl: 2, seed: 5};
  const whole = (await post('/completion', body)).json();
  expect(whole.map((one: {index: number; prompt: string}) => [one.index, one.prompt])).toEqual([
    [0, '<s>a'],
    [1, '<s>a'],
    [2, '<s>b'],
    [3, '<s>b'],
  ]);
  expect(backend.calls.map(({request}) => request.sampling.seed)).toEqual([5, 6, 5, 6]);
  const events = (await post('/completion', {...body, stream: true})).events();
  expect(events.filter(({stop}) => stop).map(({index}) => index)).toEqual([0, 1, 2, 3]);
});

test('one request has so many answers, counted over its prompts', async () => {
  const {post} = await testServer(['x']);
  const reply = await post('/completion', {prompt: ['a', 'b', 'c'], n_cmpl: 3});
  expect({status: reply.status, message: reply.json().error.message}).toEqual({
    status: 400,
    message: "'prompt' asks for 9 answers; one request has at most 8",
  });
});

test.each([
  [['content'], {content: 'b'}],
  [['generation_settings/n_predict', 'prompt'], {'generation_settings/n_predict': 8, prompt: '<s>a'}],
  [
    ['timings/predicted_n', 'nothing', 'content/length', '__proto__', 'timings/constructor'],
    {'timings/predicted_n': 1},
  ],
])('response_fields %j', async (fields, expected) => {
  const {post} = await testServer(['b']);
  const body = {prompt: 'a', n_predict: 8, response_fields: fields};
  expect((await post('/completion', body)).json()).toEqual(expected);
  const events = (await post('/completion', {...body, stream: true})).events();
  // The text has come before.
  expect(events.at(-1)).toEqual('content' in expected ? {content: ''} : expected);
  expect(events[0].content).toBe('b');
});

test('probabilities behind the sampling are named so, and asked of the engine', async () => {
  const {post, backend} = await testServer(['b']);
  const body = {prompt: 'a', n_probs: 1, post_sampling_probs: true};
  const {completion_probabilities} = (await post('/completion', body)).json();
  const prob = Math.exp(-0.25);
  expect(completion_probabilities).toEqual([
    {id: 198, token: 'b', bytes: [98], prob, top_probs: [{id: 198, token: 'b', bytes: [98], prob}]},
  ]);
  expect(limitsOf(backend)).toMatchObject({topLogprobs: 1, afterSampling: true});
  const refused = await post('/completion', {...body, grammar: 'root ::= "a"'});
  expect({status: refused.status, message: refused.json().error.message}).toEqual({
    status: 400,
    message:
      "'post_sampling_probs' is not supported: beside a form of the answer the probabilities are those before sampling",
  });
});

test('a stream has the ids of its tokens, asked for or not; a whole reply when they are asked for', async () => {
  const {post} = await testServer(['b', 'c\n']);
  const events = (await post('/completion', {prompt: 'a', stream: true})).events();
  expect(events.map(({tokens}) => tokens)).toEqual([[198], [199, 110], []]);
  expect(events.at(-1)).toMatchObject({has_new_line: true});
  expect((await post('/completion', {prompt: 'a'})).json()).toMatchObject({tokens: [], has_new_line: true});
  expect((await post('/completion', {prompt: 'a', return_tokens: true})).json().tokens).toEqual([198, 199, 110]);
});

test('ignore_eos stands among the biases of the reply; never is null there', async () => {
  const {post} = await testServer(['b']);
  const settings = async (body: object) =>
    (await post('/completion', {prompt: 'a', ...body})).json().generation_settings;
  expect((await settings({})).logit_bias).toEqual([]);
  expect((await settings({ignore_eos: true})).logit_bias).toEqual([{token: 2, bias: null}]);
  expect((await settings({logit_bias: {5: 1.5, ab: -100}})).logit_bias).toEqual([
    {token: 5, bias: 1.5},
    {token: 197, bias: null},
    {token: 198, bias: null},
  ]);
});

test('/props and /slots say the seed of --seed and the biases', async () => {
  const sampling = {...OPTIONS.sampling, asked: {seed: 7, logitBias: new Map([[5, -100]])}};
  const {get} = await testServer(['b'], {sampling});
  const expected = {seed: 7, logit_bias: [{token: 5, bias: null}]};
  expect((await get('/props')).json().default_generation_settings.params).toMatchObject(expected);
  expect((await get('/slots')).json()[0].params).toMatchObject(expected);
});
