import {expect, test} from 'vitest';
import type {GenerationEvent, TokenLogprob} from '../../../../src/engine/contract/backend.ts';
import type {Message} from '../../../../src/engine/contract/requests.ts';
import {scoreAnswer} from '../../../../src/ui/chat/certainty/score-answer.ts';
import {ScriptedBackend} from '../../../fakes/scripted-backend.ts';

const SAID: readonly Message[] = [
  {role: 'user', content: 'hi'},
  {role: 'assistant', content: 'yes'},
];

/** Answers each forced token with its own text and a certainty that falls. */
function backend(): ScriptedBackend {
  return new ScriptedBackend((call) => {
    const [[token = 0] = []] = [...(call.request.sampling.logitBias ?? new Map())];
    const forced: GenerationEvent = {
      type: 'text',
      text: 'x',
      logprobs: [{token, logprob: -0.1 * token, top: []}],
    };
    return [forced];
  });
}

async function score(messages: readonly Message[], signal = new AbortController().signal) {
  const model = backend();
  let taken: readonly TokenLogprob[] | undefined;
  const events = scoreAnswer(model, {messages, sampling: {temperature: 0.7}}, (tokens) => (taken = tokens), signal);
  const types: string[] = [];
  for await (const event of events) types.push(event.type);
  return {model, taken, types};
}

test('every token of the answer is forced behind those before it', async () => {
  const {model, taken, types} = await score(SAID);
  const {tokenizer} = model;
  // The fake's template puts a line end before the message and id 4 behind the prompt.
  expect(taken?.map(({token}) => token)).toEqual([...tokenizer.encode('\nyes'), 4]);
  expect(taken?.map(({token, logprob}) => logprob === -0.1 * token)).not.toContain(false);
  expect(types.every((type) => type === 'prefill')).toBe(true);
  const prompts = model.calls.map((call) => (call.kind === 'complete' ? call.request.prompt.length : -1));
  expect(prompts).toEqual(prompts.map((_, index) => (prompts[0] ?? 0) + index));
  expect(model.calls[0]?.request.sampling).toMatchObject({temperature: 0, maxTokens: 1, topLogprobs: 5});
});

test('a stopped reading gives nothing; without an answer there is nothing to read', async () => {
  const {taken} = await score(SAID, AbortSignal.abort());
  expect(taken).toBeUndefined();
  await expect(score(SAID.slice(0, 1))).rejects.toThrow('there is no text answer yet');
});
