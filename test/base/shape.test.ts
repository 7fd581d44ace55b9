// JSON of others is read by its types: each wrong one is refused with its path.
import {expect, test} from 'vitest';
import {
  complete,
  count,
  either,
  every,
  flag,
  list,
  number,
  object,
  optional,
  places,
  record,
  text,
} from '../../src/base/shape.ts';

const card = object({
  id: text,
  size: count,
  on: flag,
  tags: list(text),
  inner: object({x: number}),
  loose: optional(count),
});

test('what fits is given back, nulls and unknown members are left out', () => {
  const given = {id: 'a', size: 2, on: false, tags: ['x', null], inner: {x: -0.5}, loose: 'no', other: 1, 'on ': 2};
  expect(card(given)).toEqual({id: 'a', size: 2, on: false, tags: ['x'], inner: {x: -0.5}, loose: undefined});
  expect(card({id: null})).toEqual({});
  expect(places(number)([1, null, 2])).toEqual([1, undefined, 2]);
  expect([...record(number)({a: 1, b: null})]).toEqual([['a', 1]]);
});

test.each([
  [null, 'it must be an object'],
  [[], 'it must be an object'],
  ['', 'it must be an object'],
  [{id: 5}, 'id must be a string'],
  [{size: 1.5}, 'size must be a whole number, at least 0'],
  [{size: -1}, 'size must be a whole number, at least 0'],
  [{size: 2 ** 53}, 'size must be a whole number, at least 0'],
  [{on: 0}, 'on must be true or false'],
  [{tags: {}}, 'tags must be a list'],
  [{tags: ['a', 5]}, 'tags[1] must be a string'],
  [{inner: {x: '1'}}, 'inner.x must be a number'],
  [{inner: {x: Number.POSITIVE_INFINITY}}, 'inner.x must be a number'],
])('%j is refused: %s', (value, message) => {
  expect(() => card(value)).toThrow(message);
});

test('names of every object are no members', () => {
  expect(card(JSON.parse('{"constructor": 1, "__proto__": {"id": "x"}, "toString": 2}'))).toEqual({});
  expect(card(JSON.parse('{"__proto__": {"id": "x"}}')).id).toBeUndefined();
});

test('one of two says both, or what is wrong inside the second', () => {
  const either2 = either(text, list(object({x: text})));
  expect(either2('a')).toBe('a');
  expect(either2([{x: 'b'}])).toEqual([{x: 'b'}]);
  expect(() => either2(5)).toThrow('it must be a string or a list');
  expect(() => either2([{x: 5}])).toThrow('[0].x must be a string');
});

test('what has to be there is asked for by its path', () => {
  const whole = object({inner: complete({x: number, y: text})});
  expect(whole({inner: {x: 1, y: '', z: 2}})).toEqual({inner: {x: 1, y: ''}});
  expect(() => whole({inner: {x: 1}})).toThrow('inner.y must be there');
  expect(() => whole({inner: {x: 1, y: null}})).toThrow('inner.y must be there');
  expect(() => whole({inner: {x: 1, y: 5}})).toThrow('inner.y must be a string');
  expect(() => complete({x: number})({})).toThrow('x must be there');
});

test('no item of a list is passed over where each counts', () => {
  expect(every(count)([1, 2])).toEqual([1, 2]);
  expect(() => every(count)([1, null])).toThrow('[1] must be a whole number, at least 0');
  expect(() => every(count)({})).toThrow('it must be a list');
});
