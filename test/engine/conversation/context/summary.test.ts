import {expect, test} from 'vitest';
import {forSummary, summaryLimit} from '../../../../src/engine/conversation/context/summary.ts';

test('a summary is asked for with the same prompt, without the form of the answers and without chance', () => {
  const tool = {name: 'add', description: '', parameters: new Map()};
  const request = {
    messages: [{role: 'user', content: 'x'}],
    tools: [tool],
    toolChoice: 'any',
    responseFormat: {type: 'json_object'},
    reasoningEffort: 'high',
    sampling: {temperature: 1, topP: 0.5, maxTokens: 5, stop: ['.'], topLogprobs: 3},
  } as const;
  expect(forSummary(request, 250)).toEqual({
    messages: [{role: 'user', content: 'x'}],
    tools: [tool],
    toolChoice: 'none',
    reasoningEffort: 'high',
    sampling: {temperature: 0, maxTokens: 250},
  });
});

test('it has at most 400 tokens and a quarter of the context', () => {
  expect(summaryLimit(1024)).toBe(256);
  expect(summaryLimit(32_768)).toBe(400);
  expect(summaryLimit(undefined)).toBe(400);
});
