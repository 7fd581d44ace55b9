import fc from 'fast-check';
import {expect, test} from 'vitest';
import {type Bound, numberRange} from '../../../../src/engine/template/grammar/number-range.ts';
import {Gbnf} from '../../../fakes/gbnf.ts';

const bound = (source: string, open = false): Bound => ({source, open});
const grammar = (min?: Bound, max?: Bound) => {
  const body = numberRange(min, max);
  return body === undefined ? undefined : new Gbnf(`root ::= ${body}\n`);
};

test('numbers are spelled out along their bounds', () => {
  expect(numberRange(bound('1.5'), bound('2'))).toBe(
    '"1" "." ("5" ([0-9] [0-9]{0,12})? | [6-9] [0-9]{0,13}) | ' +
      `"2" ("." (${'"0" ('.repeat(13)}"0"${')?'.repeat(13)}))?`,
  );
  expect(grammar(bound('-1e-3'), bound('2.5E+2', true))?.accepts('249.999')).toBe(true);
});

test('bounds with more digits than a double tells apart, and those with nothing in between, have no rule', () => {
  expect(numberRange(bound('0.1234567890123456'), undefined)).toBeUndefined();
  expect(numberRange(undefined, bound('1e16'))).toBeUndefined();
  expect(numberRange(bound('2'), bound('1.9'))).toBeUndefined();
  expect(numberRange(bound('2', true), bound('2'))).toBeUndefined();
});

/** A decimal of few digits, as JSON may write it. */
const decimal = fc
  .tuple(fc.integer({min: -2500, max: 2500}), fc.integer({min: 0, max: 4}), fc.boolean())
  .map(([n, places, exponent]) => (exponent ? `${n}e-${places}` : (n / 10 ** places).toFixed(places)))
  .map((text) => (text.startsWith('-') && Number(text) === 0 ? text.slice(1) : text));

test('a number is accepted when it lies between the bounds, and only then', () => {
  const edge = fc.option(fc.tuple(decimal, fc.boolean()), {nil: undefined});
  const inside = (n: number, min?: readonly [string, boolean], max?: readonly [string, boolean]) =>
    (!min || n > Number(min[0]) || (n === Number(min[0]) && !min[1])) &&
    (!max || n < Number(max[0]) || (n === Number(max[0]) && !max[1]));
  fc.assert(
    fc.property(edge, edge, fc.array(decimal, {minLength: 1, maxLength: 8}), (min, max, numbers) => {
      const rule = grammar(min && bound(...min), max && bound(...max));
      for (const text of numbers.filter((one) => !one.includes('e'))) {
        expect(rule?.accepts(text) ?? false).toBe(inside(Number(text), min, max));
      }
    }),
    {numRuns: 300},
  );
});
