import {expect, test} from 'vitest';
import {NativeRecord} from '../../../../src/engine/llama/c-api/native-record.ts';

const layout = {size: 24, offsets: {count: 0, address: 8, yes: 16}};

test('fields are written where the layout has them, over what was there', () => {
  const record = new NativeRecord(layout, new Uint8Array(64).fill(0xee));
  record.int('count', -2);
  record.pointer('address', 0x1122334455667788n);
  record.flag('yes', true);
  expect(Buffer.from(record.bytes).toString('hex')).toBe('feffffffeeeeeeee887766554433221101eeeeeeeeeeeeee');
});

test('a field that the layout lacks is not written over another', () => {
  const record = new NativeRecord(layout);
  expect(() => record.int('main_gpu', 1)).toThrow('the layout has no field main_gpu');
  expect(record.bytes).toEqual(new Uint8Array(24));
});
