import {describe, expect, it} from 'vitest';
import {CallIds, newCallId, repeatableCallIds} from '../../../src/engine/contract/call-ids.ts';

describe('newCallId', () => {
  it('is nine alphanumeric characters, all of them in use', () => {
    const ids = Array.from({length: 1000}, newCallId);
    expect(ids.filter((id) => !/^[a-zA-Z0-9]{9}$/.test(id))).toEqual([]);
    expect(new Set(ids.join('')).size).toBe(62);
    expect(new Set(ids).size).toBe(1000);
  });
});

describe('repeatableCallIds', () => {
  const two = (prompt: number[], seed?: number) => {
    const next = repeatableCallIds(prompt, seed);
    return [next(), next()];
  };

  it('follows from prompt and seed, differs from call to call, prompt to prompt and seed to seed', () => {
    expect(two([1, 2, 3], 7)).toEqual(two([1, 2, 3], 7));
    const ids = [two([1, 2, 3], 7), two([1, 2, 3], 8), two([1, 2, 3]), two([1, 2, 3, 4], 7)].flat();
    expect(new Set(ids).size).toBe(8);
    expect(ids.filter((id) => !/^[a-zA-Z0-9]{9}$/.test(id))).toEqual([]);
  });
});

describe('CallIds', () => {
  it('keeps a written id once and makes up the others', () => {
    const fresh = ['aaaaaaaaa', 'bbbbbbbbb', 'ccccccccc'];
    const ids = new CallIds(() => fresh.shift() ?? '');
    expect([ids.take('aaaaaaaaa'), ids.take(undefined), ids.take('aaaaaaaaa')]).toEqual([
      'aaaaaaaaa',
      'bbbbbbbbb',
      'ccccccccc',
    ]);
  });
});
