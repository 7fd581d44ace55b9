import {expect, test} from 'vitest';
import {defined} from '../../src/base/defined.ts';

test('members that are undefined go, all others stay in their order', () => {
  const given: {b: number; a: string | undefined; n: null; z: number | undefined} = {b: 0, a: undefined, n: null, z: 1};
  const kept: {readonly b: number; readonly a?: string; readonly n: null; readonly z?: number} = defined(given);
  expect(Object.entries(kept)).toEqual([
    ['b', 0],
    ['n', null],
    ['z', 1],
  ]);
});
