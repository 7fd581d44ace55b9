import {expect, test} from 'vitest';
import {collectAnswer} from '../../../src/engine/contract/collect-answer.ts';
import {answering, ScriptedBackend} from '../../fakes/scripted-backend.ts';

const request = {messages: [], sampling: {temperature: 0}};
const call = {id: 'abcDEF123', name: 'add', arguments: '{"a": 1}'};

test('the events of an answer fold into one object, and each is seen on the way', async () => {
  const backend = new ScriptedBackend(answering(() => ({reasoning: 'hm', text: 'Hi', calls: [call]})));
  const seen: string[] = [];
  const answer = await collectAnswer(backend.chat(request, new AbortController().signal), ({type}) => seen.push(type));
  expect(answer).toMatchObject({content: 'Hi', reasoning: 'hm', toolCalls: [call], prompt: [1, 3, 4]});
  expect(answer.finish).toMatchObject({reason: 'tool_calls', usage: {completionTokens: 2}});
  expect(seen).toEqual(['prompt', 'reasoning', 'text', 'text', 'tool_call', 'finish']);
});

test('a stream that ends without its finish is a failure of the backend', async () => {
  async function* broken() {
    yield {type: 'text', text: 'Hal'} as const;
  }
  await expect(collectAnswer(broken())).rejects.toMatchObject({code: 'backend_failed'});
});

test('an answer that its end tells otherwise is what the end says', async () => {
  const whole = {reasoning: 'hm', content: 'Hi'};
  async function* unbegun() {
    yield {type: 'text', text: 'hmHi'} as const;
    const timings = {firstTokenMs: 1, promptMs: 1, generationMs: 1, promptTokensPerSecond: 1, tokensPerSecond: 1};
    const usage = {promptTokens: 1, cachedTokens: 0, completionTokens: 2};
    yield {type: 'finish', reason: 'stop', usage, timings, seed: undefined, whole} as const;
  }
  expect(await collectAnswer(unbegun())).toMatchObject(whole);
});
