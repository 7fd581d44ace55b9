import {expect, test} from 'vitest';
import {unitVector} from '../../../src/engine/local/unit-vector.ts';

test('a vector gets length 1 and keeps its direction; one without a direction stays', () => {
  expect([...unitVector(Float32Array.of(3, 4))]).toEqual([Math.fround(0.6), Math.fround(0.8)]);
  expect([...unitVector(Float32Array.of(0, 0))]).toEqual([0, 0]);
});
