import {expect, test} from 'vitest';
import {Admission} from '../../src/serve/admission.ts';

const never = new AbortController().signal;
const admission = (slots: number, maxQueue: number, queueTimeoutMs = 5000) =>
  new Admission({slots, maxQueue, queueTimeoutMs});

test('requests beyond slots and queue are refused with 429 and a time to come back', async () => {
  const door = admission(1, 1);
  const first = await door.enter(never);
  const second = door.enter(never);
  await expect(door.enter(never)).rejects.toMatchObject({status: 429, retryAfter: 1, code: 'rate_limit_exceeded'});
  first.release();
  expect((await second).id).toBe(0);
});

test('the queue is served in order', async () => {
  const door = admission(1, 3);
  const order: number[] = [];
  const first = await door.enter(never);
  const waiting = [1, 2, 3].map(async (number) => {
    const slot = await door.enter(never);
    order.push(number);
    slot.release();
  });
  first.release();
  await Promise.all(waiting);
  expect(order).toEqual([1, 2, 3]);
  expect(door).toMatchObject({active: 0, waiting: 0});
});

test('a client that leaves the queue gives its place up', async () => {
  const door = admission(1, 1);
  const first = await door.enter(never);
  const controller = new AbortController();
  const gone = door.enter(controller.signal);
  controller.abort(new Error('left'));
  await expect(gone).rejects.toThrow('left');
  const second = door.enter(never);
  first.release();
  expect((await second).id).toBe(0);
});

test('a wanted slot is given when it is free, another one when it is not', async () => {
  const door = admission(3, 0);
  expect((await door.enter(never, 2)).id).toBe(2);
  expect((await door.enter(never, 2)).id).toBe(0);
  expect(door.isFree(1)).toBe(true);
});

test('releasing twice frees one slot', async () => {
  const door = admission(2, 0);
  const slot = await door.enter(never);
  await door.enter(never);
  slot.release();
  slot.release();
  expect(door.active).toBe(1);
});

test('a request that waited too long is sent away', async () => {
  const door = admission(1, 1, 1);
  await door.enter(never);
  await expect(door.enter(never)).rejects.toMatchObject({status: 503, retryAfter: 5});
  expect(door.waiting).toBe(0);
});
