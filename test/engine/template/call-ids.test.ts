import {describe, expect, it} from 'vitest';
import {CallIds, newCallId} from '../../../src/engine/template/call-ids.ts';

describe('newCallId', () => {
  it('is nine alphanumeric characters, all of them in use', () => {
    const ids = Array.from({length: 1000}, newCallId);
    expect(ids.filter((id) => !/^[a-zA-Z0-9]{9}$/.test(id))).toEqual([]);
    expect(new Set(ids.join('')).size).toBe(62);
    expect(new Set(ids).size).toBe(1000);
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
