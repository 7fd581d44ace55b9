import {expect, test} from 'vitest';
import {spokenTokens} from '../../../src/serve/reply/token-ids.ts';
import {toyTokenizer} from '../../fakes/toy-tokenizer.ts';
import {testServer} from '../server.ts';

const messages = [{role: 'user', content: 'H'}];
const ASKED = {return_token_ids: true};

test('the ids of prompt and answer, in the places vLLM has them', async () => {
  const {post} = await testServer(['b', 'cd']);
  const chat = (await post('/v1/chat/completions', {messages, ...ASKED})).json();
  expect([chat.prompt_token_ids, chat.choices[0].token_ids]).toEqual([
    [1, 3, 172, 4],
    [198, 199, 200],
  ]);
  const [choice] = (await post('/v1/completions', {prompt: 'H', ...ASKED})).json().choices;
  expect([choice.prompt_token_ids, choice.token_ids]).toEqual([
    [1, 172],
    [198, 199, 200],
  ]);
});

test('streamed, each chunk has its own', async () => {
  const {post} = await testServer(['b', 'cd']);
  const chunks = async (url: string, body: object) =>
    (await post(url, {...body, ...ASKED, stream: true})).events().filter((one) => one !== '[DONE]');
  const chat = await chunks('/v1/chat/completions', {messages});
  expect(chat[0].prompt_token_ids).toEqual([1, 3, 172, 4]);
  expect(chat.flatMap((one) => one.choices[0].token_ids ?? [])).toEqual([198, 199, 200]);
  const text = await chunks('/v1/completions', {prompt: 'H'});
  expect(text[0].choices[0].prompt_token_ids).toEqual([1, 172]);
  expect(text.flatMap((one) => one.choices[0].token_ids ?? [])).toEqual([198, 199, 200]);
});

test('nobody who has not asked gets them', async () => {
  const {post} = await testServer(['b']);
  const reply =
    (await post('/v1/chat/completions', {messages})).text + (await post('/v1/completions', {prompt: 'H'})).text;
  expect(reply).not.toContain('token_ids');
});

test('log-probabilities by the names of ids, and by the number of alternatives that llama-server has', async () => {
  const {post} = await testServer(['b']);
  const chat = await post('/v1/chat/completions', {messages, n_probs: 2, return_tokens_as_token_ids: true});
  expect(chat.json().choices[0].logprobs.content).toEqual([
    {
      token: 'token_id:198',
      logprob: -0.25,
      bytes: [98],
      top_logprobs: [
        {token: 'token_id:198', logprob: -0.25, bytes: [98]},
        {token: 'token_id:199', logprob: -1.25, bytes: [99]},
      ],
    },
  ]);
  const text = await post('/v1/completions', {prompt: 'H', n_probs: 1, return_tokens_as_token_ids: true});
  expect(text.json().choices[0].logprobs).toMatchObject({
    tokens: ['token_id:198'],
    top_logprobs: [{'token_id:198': -0.25}],
  });
});

test('a word mark at the beginning of an answer is no space: in the token, its bytes and its alternatives', () => {
  const tokenizer = {...toyTokenizer(), bytes: (token: number) => Buffer.from(token === 300 ? ' The' : ' A')};
  const told = {token: 300, text: 'The', logprob: -1, top: [{token: 301, logprob: -2}]};
  expect(spokenTokens(told, tokenizer)).toEqual({
    own: {text: 'The', bytes: [84, 104, 101]},
    alternatives: [{id: 301, text: 'A', bytes: [65], logprob: -2}],
  });
  expect(spokenTokens({...told, text: ' The'}, tokenizer).own).toEqual({text: ' The', bytes: [32, 84, 104, 101]});
});

test.each([
  ['/v1/chat/completions', {messages}],
  ['/v1/completions', {prompt: 'H'}],
  ['/v1/fim/completions', {prompt: 'H'}],
] as const)(
  '%s: system_fingerprint is the same for the same model and program, whole and streamed',
  async (url, body) => {
    const printOf = async (build: string) => {
      const {post} = await testServer(['b'], {build});
      const whole = (await post(url, body)).json().system_fingerprint;
      const chunks = (await post(url, {...body, stream: true})).events().filter((one) => one !== '[DONE]');
      expect(new Set(chunks.map((one) => one.system_fingerprint))).toEqual(new Set([whole]));
      return whole;
    };
    const first = await printOf('1.0.0');
    expect(first).toMatch(/^b[0-9a-f]{12}$/);
    expect(await printOf('1.0.0')).toBe(first);
    expect(await printOf('1.0.1')).not.toBe(first);
  },
);
