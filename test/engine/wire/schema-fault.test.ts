import {expect, test} from 'vitest';
import {fromPlain} from '../../../src/base/json.ts';
import {schemaFault} from '../../../src/engine/wire/schema-fault.ts';

const nested = (levels: number): unknown => (levels === 0 ? true : {items: nested(levels - 1)});

test('a schema may be large and deep, but not so that the work on it holds others up', () => {
  expect(schemaFault(fromPlain(nested(64)))).toBeUndefined();
  expect(schemaFault(fromPlain(nested(65)))).toBe('it nests deeper than 64 levels');
  const values = (count: number) => fromPlain({enum: Array.from({length: count}, () => '1234567')});
  expect(schemaFault(values(90_000))).toBeUndefined();
  expect(schemaFault(values(100_000))).toBe('it has more than 1000000 characters');
  const lists = (count: number) => fromPlain({enum: Array.from({length: count}, () => [])});
  expect(schemaFault(lists(5998))).toBeUndefined();
  expect(schemaFault(lists(5999))).toBe('it has more than 6000 lists and objects');
  const named = (length: number) => fromPlain({properties: {['a'.repeat(length)]: {}}});
  expect(schemaFault(named(1000))).toBeUndefined();
  expect(schemaFault(named(1001))).toBe('a name in it has more than 1000 characters');
});
