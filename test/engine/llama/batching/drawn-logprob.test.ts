import {expect, test} from 'vitest';
import {type DrawnBy, drawnLogprob} from '../../../../src/engine/llama/batching/logprobs.ts';

const LOGITS = [0, Math.log(0.5), 1, Math.log(0.25), 2, Math.log(0.125), 3, Math.log(0.125)];
const PLAIN: DrawnBy = {temperature: 1, seed: 0, biases: new Map(), recent: []};

/** The probabilities by token, rounded. */
const drawn = (how: Partial<DrawnBy>, token = 0) => {
  const {logprob, top} = drawnLogprob(token, 10, {pairs: LOGITS}, {...PLAIN, ...how});
  const rounded = (value: number) => Math.round(Math.exp(value) * 1e6) / 1e6;
  return {own: rounded(logprob), top: Object.fromEntries(top.map((one) => [one.token, rounded(one.logprob)]))};
};

test.each<[string, Partial<DrawnBy>, Record<number, number>]>([
  ['nothing', {}, {0: 0.5, 1: 0.25, 2: 0.125, 3: 0.125}],
  ['temperature 0', {temperature: 0}, {0: 1}],
  ['a low temperature', {temperature: 0.5}, {0: 0.727273, 1: 0.181818, 2: 0.045455, 3: 0.045455}],
  ['top-k', {topK: 2}, {0: 0.666667, 1: 0.333333}],
  ['top-p', {topP: 0.6}, {0: 0.666667, 1: 0.333333}],
  ['min-p', {minP: 0.4}, {0: 0.666667, 1: 0.333333}],
  [
    'a token that never comes',
    {biases: new Map([[1, Number.NEGATIVE_INFINITY]])},
    {0: 0.666667, 2: 0.166667, 3: 0.166667},
  ],
  ['a repeat penalty', {repeatPenalty: 2, recent: [1]}, {0: 0.615385, 2: 0.153846, 3: 0.153846, 1: 0.076923}],
])('probabilities behind %s', (_name, how, top) => {
  expect(drawn(how)).toEqual({own: top[0], top});
});

test('a token that could not be drawn has none, and is in no list', () => {
  expect(drawn({topK: 1}, 3)).toEqual({own: 0, top: {0: 1}});
});
