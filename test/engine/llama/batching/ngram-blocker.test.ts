import {describe, expect, test} from 'vitest';
import {HOLE} from '../../../../src/engine/contract/prompt.ts';
import {NgramBlocker} from '../../../../src/engine/llama/batching/ngram-blocker.ts';

describe('NgramBlocker', () => {
  test('blocks what followed the same run before', () => {
    const blocker = new NgramBlocker(3, [1, 2, 3, 1, 2]);
    expect([...blocker.blocked()]).toEqual([3]);
    blocker.push(4);
    expect([...blocker.blocked()]).toEqual([]);
    blocker.push(1);
    blocker.push(2);
    expect([...blocker.blocked()]).toEqual([3, 4]);
  });

  test('size 1 allows every token once', () => {
    expect([...new NgramBlocker(1, [7, 8]).blocked()]).toEqual([7, 8]);
  });

  test('the places of media are skipped', () => {
    expect([...new NgramBlocker(3, [1, HOLE, HOLE, 2, 3, HOLE, 1, 2]).blocked()]).toEqual([3]);
    expect([...new NgramBlocker(1, [HOLE, 7]).blocked()]).toEqual([7]);
  });

  test('nothing is blocked before the first n-gram is complete', () => {
    expect([...new NgramBlocker(3, [1]).blocked()]).toEqual([]);
  });
});
