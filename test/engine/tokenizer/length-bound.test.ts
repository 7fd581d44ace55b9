import fc from 'fast-check';
import {expect, test} from 'vitest';
import {LengthBound} from '../../../src/engine/tokenizer/length-bound.ts';
import {toyTokenizer} from '../../fakes/toy-tokenizer.ts';

const tokenizer = toyTokenizer();
const bound = new LengthBound(tokenizer);

test('a text never has fewer tokens than the bound, and a short one has none', () => {
  const piece = fc.oneof(fc.string({unit: 'binary', minLength: 1, maxLength: 8}), fc.constantFrom('word ', ' ', 'é'));
  fc.assert(
    fc.property(fc.array(piece, {minLength: 1, maxLength: 5}), (parts) => {
      const text = parts.join('').repeat(Math.ceil((1 << 18) / parts.join('').length) + 1);
      expect(bound.atLeast([text], 10)).toBeLessThanOrEqual(tokenizer.encode(text).length);
    }),
    {numRuns: 5},
  );
  expect(bound.atLeast(['x'.repeat(1000)], 10)).toBe(0);
  expect(bound.atLeast(['x'.repeat(1e6)], 1e6)).toBe(0);
  expect(bound.atLeast(['x'.repeat(1e6)], 1000)).toBeGreaterThan(1000);
});
