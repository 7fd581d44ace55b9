import fc from 'fast-check';
import {expect, test} from 'vitest';
import {integerRange} from '../../../../src/engine/template/grammar/integer-range.ts';
import {Gbnf} from '../../../fakes/gbnf.ts';

const grammar = (min: bigint | undefined, max: bigint | undefined) =>
  new Gbnf(`root ::= ${integerRange(min, max) ?? ''}\n`);

test('the numbers between two bounds are spelled out by digit', () => {
  expect(integerRange(0n, 9n)).toBe('[0-9]');
  expect(integerRange(1n, 120n)).toBe('[1-9] | [1-9] [0-9] | "1" [0-1] [0-9] | "1" "2" "0"');
  expect(integerRange(-1n, undefined)?.startsWith('"-" "1" | [0-9] | [1-9] [0-9]')).toBe(true);
  expect(integerRange(5n, 4n)).toBeUndefined();
});

test('a number is accepted when it lies between the bounds, and only then', () => {
  const near = (at: bigint) => fc.bigInt({min: at - 12n, max: at + 12n});
  const some = fc.oneof(fc.bigInt({min: -1200n, max: 1200n}), near(0n), near(100n), near(-1000n), near(10n ** 9n));
  fc.assert(
    fc.property(some, some, some, (a, b, n) => {
      const [min, max] = a < b ? [a, b] : [b, a];
      expect(grammar(min, max).accepts(String(n))).toBe(n >= min && n <= max);
      for (const edge of [min, max]) expect(grammar(min, max).accepts(String(edge))).toBe(true);
      expect(grammar(min, undefined).accepts(String(n))).toBe(n >= min);
      expect(grammar(undefined, max).accepts(String(n))).toBe(n <= max);
    }),
    {numRuns: 300},
  );
});
