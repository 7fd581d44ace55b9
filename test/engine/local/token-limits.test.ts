import {expect, test} from 'vitest';
import {collectAnswer} from '../../../src/engine/contract/collect-answer.ts';
import type {SamplingParams} from '../../../src/engine/contract/sampling.ts';
import {LocalBackend} from '../../../src/engine/local/local-backend.ts';
import {type Script, ScriptedTokenModel} from '../../fakes/scripted-token-model.ts';
import {toyTokenizer} from '../../fakes/toy-tokenizer.ts';

const tokenizer = toyTokenizer();
const text = (words: string) => tokenizer.encode(words);
const END = 2;

function backendOf(script: Partial<Script>) {
  const tokenModel = new ScriptedTokenModel({answer: () => [...text('hello'), END], ...script});
  const backend = new LocalBackend({
    tokenModel,
    tokenizer,
    template: {version: 'v3', reasons: [], confidence: 'known'} as never,
    id: 'm',
    path: undefined,
    trainedContextSize: undefined,
    device: 'nowhere',
  });
  return {backend, tokenModel};
}

async function answerOf(sampling: Partial<SamplingParams>, script: Partial<Script> = {}, format = {}) {
  const {backend, tokenModel} = backendOf(script);
  const request = {prompt: 'q', sampling: {temperature: 0, ...sampling}, ...format};
  const answer = await collectAnswer(backend.complete(request, new AbortController().signal));
  return {...answer, asked: tokenModel.calls[0]?.options};
}

test('ignore_eos forbids every end of the model, also one the vocabulary does not name', async () => {
  const {asked} = await answerOf({limits: {ignoreEnd: true}, maxTokens: 3});
  expect(asked?.sampling.logitBias).toEqual(new Map([[2, -100]]));
  const other = await answerOf({limits: {ignoreEnd: true}, maxTokens: 3}, {endOfGeneration: 11});
  expect(other.asked?.sampling.logitBias).toEqual(new Map([[11, -100]]));
});

test('min_tokens: no end comes before', async () => {
  const script = {answer: () => [END, ...text('ab'), END, ...text('cd'), END]};
  expect((await answerOf({}, script)).content).toBe('');
  expect((await answerOf({limits: {minTokens: 1}}, script)).content).toBe('ab');
  expect((await answerOf({limits: {minTokens: 2}}, script)).content).toBe('ab');
  expect((await answerOf({limits: {minTokens: 3}}, script)).content).toBe('abcd');
});

test('min_tokens: no stop string and no stop token counts before', async () => {
  const limits = {minTokens: 4, stopTokens: text('l')};
  expect((await answerOf({limits, stop: ['e']})).content).toBe('heo');
  expect((await answerOf({stop: ['l']})).content).toBe('he');
  expect((await answerOf({limits: {minTokens: 4}, stop: ['l']})).content).toBe('hel');
});

test('min_tokens above max_tokens is refused', async () => {
  await expect(answerOf({limits: {minTokens: 5}, maxTokens: 4})).rejects.toMatchObject({
    code: 'invalid_request',
    param: 'min_tokens',
  });
});

test('stop_token_ids end the answer, which has them when it is asked to', async () => {
  const limits = {stopTokens: text('l')};
  expect(await answerOf({limits})).toMatchObject({content: 'he', finish: {reason: 'stop'}});
  expect(await answerOf({limits, keepStop: true})).toMatchObject({content: 'hel', finish: {reason: 'stop'}});
});

test('include_stop_str_in_output keeps the stop string, and nothing behind it', async () => {
  const kept = await answerOf({stop: ['el'], keepStop: true});
  expect(kept).toMatchObject({content: 'hel', finish: {reason: 'stop', stop: 'el'}});
});

test('allowed_token_ids: everything else is forbidden, the end of the model too', async () => {
  const {asked} = await answerOf({limits: {allowedTokens: text('a')}, maxTokens: 2});
  const forbidden = [...(asked?.sampling.logitBias?.keys() ?? [])];
  expect(forbidden).toHaveLength(tokenizer.vocabSize - 1);
  expect([forbidden.includes(197), forbidden.includes(END)]).toEqual([false, true]);
});

test('a bias of words is one of each of their tokens', async () => {
  const {asked} = await answerOf({limits: {wordBias: [['ab', -100]]}, logitBias: new Map([[5, 1]])});
  expect(asked?.sampling.logitBias).toEqual(
    new Map([
      [5, 1],
      [197, -100],
      [198, -100],
    ]),
  );
});

test.each([
  ['a whole word', ['lo'], 'hell'],
  ['one letter', ['l'], 'heo'],
  ['two words', ['he', 'llo'], 'hll'],
  ['a word that does not come', ['xyz'], 'hello'],
  ['a word with a space, which is one without too', [' lo'], 'hell'],
])('bad_words: %s', async (_name, badWords, content) => {
  expect((await answerOf({limits: {badWords}})).content).toBe(content);
});

test.each([
  ['stopTokens', 'stop_token_ids[1]'],
  ['allowedTokens', 'allowed_token_ids[1]'],
] as const)('%s that the vocabulary lacks are refused by their place', async (name, param) => {
  await expect(answerOf({limits: {[name]: [5, 99999]}})).rejects.toMatchObject({code: 'invalid_request', param});
});

test.each([
  ['ignore_eos', {ignoreEnd: true}],
  ['min_tokens', {minTokens: 3}],
] as const)('%s beside a form that ends by itself is refused', async (param, limits) => {
  const form = {responseFormat: {type: 'grammar', gbnf: 'root ::= "a"'}};
  await expect(answerOf({limits}, {}, form)).rejects.toMatchObject({code: 'invalid_request', param});
});

test('the ids of all tokens, each once and in order, go with the events when they are asked for', async () => {
  expect((await answerOf({returnTokens: true})).tokens).toEqual([...text('hello'), END]);
  expect((await answerOf({returnTokens: true, stop: ['ll']})).tokens).toEqual(text('hell'));
  expect((await answerOf({})).tokens).toEqual([]);
});

test.each([
  ['whole characters', {}, 'aé🙂'],
  ['a character cut by max_tokens', {maxTokens: 5}, 'aé'],
  ['a character of two bytes cut', {maxTokens: 2}, 'a'],
])('an answer ends at a whole character: %s', async (_name, sampling, content) => {
  const answer = await answerOf(sampling, {answer: () => [...text('aé🙂'), END]});
  expect(answer.content).toBe(content);
});

test.each([
  ['a whole answer', {}, 'hello'],
  ['one that a stop string ends', {stop: ['lo']}, 'hel'],
  ['one with characters of several bytes', {}, 'aé🙂b'],
])('the tokens of the log-probabilities joined are the text: %s', async (_name, sampling, said) => {
  const words = said === 'hel' ? 'hello' : said;
  const answer = await answerOf({topLogprobs: 0, ...sampling}, {answer: () => [...text(words), END]});
  expect(answer.content).toBe(said);
  expect(answer.logprobs.map((one) => one.text).join('')).toBe(said);
});
