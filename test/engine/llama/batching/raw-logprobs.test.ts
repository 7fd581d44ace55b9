// Log-probabilities of the model's own distribution.
import {expect, test} from 'vitest';
import {logitsOfRow, rawLogprobs} from '../../../../src/engine/llama/batching/logprobs.ts';

const logprobsOf = (row: Float32Array, token: number, top: number) =>
  rawLogprobs(logitsOfRow(row, token, top), token, top);

test('are the soft-max of the logits, the likeliest first', () => {
  const logits = Float32Array.of(1, 3, Number.NEGATIVE_INFINITY, 2);
  // ln(e^1 + e^2 + e^3) = 3.4076059644443806
  expect(logprobsOf(logits, 0, 2)).toEqual({
    token: 0,
    logprob: expect.closeTo(-2.4076059644443806, 12),
    top: [
      {token: 1, logprob: expect.closeTo(-0.4076059644443806, 12)},
      {token: 3, logprob: expect.closeTo(-1.4076059644443806, 12)},
    ],
  });
  expect(logprobsOf(logits, 2, 0)).toEqual({token: 2, logprob: Number.NEGATIVE_INFINITY, top: []});
});

test('of a large vocabulary are summed in double precision: in single precision this one is off by 1.5e-3', () => {
  const logits = new Float32Array(131_072).fill(-10);
  logits[77] = 0;
  // ln(1 + 131071 / e^10) = 1.9388300288948452
  expect(logprobsOf(logits, 77, 1).logprob).toBeCloseTo(-1.9388300288948452, 10);
});

test.each([1, 3, 64, 65, 200])('the best %i of a row with equal ones are in order', (count) => {
  const logits = Float32Array.from({length: 300}, (_, at) => (at * 37) % 100);
  const {top} = logprobsOf(logits, 5, count);
  const expected = [...logits].sort((a, b) => b - a).slice(0, count);
  expect(top.map(({token}) => logits[token])).toEqual(expected);
  expect(new Set(top.map(({token}) => token)).size).toBe(count);
});
