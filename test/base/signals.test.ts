import {getEventListeners} from 'node:events';
import {setTimeout as sleep} from 'node:timers/promises';
import {setFlagsFromString} from 'node:v8';
import {runInNewContext} from 'node:vm';
import {expect, test} from 'vitest';
import {streamWithin, unlessStopped, untilStopped, within} from '../../src/base/signals.ts';

const never = () => new Promise<never>(() => {});
const abortOf = (signal: AbortSignal) =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(signal.reason), {once: true}));

test('any of the signals ends the work, with its reason', async () => {
  const [first, second] = [new AbortController(), new AbortController()];
  const ended = within({of: [first.signal, undefined, second.signal]}, abortOf);
  second.abort('the second');
  expect(await ended).toBe('the second');
  expect(first.signal.aborted).toBe(false);
});

test('a signal that was aborted before aborts the work from its start', async () => {
  const reason = await within({of: [AbortSignal.abort('early')], ms: 10_000}, async (signal) => signal.reason);
  expect(reason).toBe('early');
});

test('the time limit aborts with a TimeoutError, also after garbage was collected', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const timer = setInterval(collect, 5);
  const reason = await within({of: [new AbortController().signal], ms: 50}, abortOf);
  clearInterval(timer);
  expect(reason).toMatchObject({name: 'TimeoutError', message: 'not finished within 50 ms'});
});

test('work that is over leaves no listener and no timer, however it ended', async () => {
  const {signal} = new AbortController();
  const seen: AbortSignal[] = [];
  const keep = async (own: AbortSignal) => void seen.push(own);
  await within({of: [signal], ms: 20}, keep);
  await within({of: [signal], ms: 20}, async (own) => {
    await keep(own);
    throw new Error('broken');
  }).catch(() => {});
  await sleep(60);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
  expect(seen.map(({aborted}) => aborted)).toEqual([false, false]);
});

test('the work can abort its own signal, and not those it came from', async () => {
  const source = new AbortController();
  const aborted = await within({of: [source.signal]}, async (signal, abort) => {
    abort('enough');
    return signal.reason;
  });
  expect(aborted).toBe('enough');
  expect(source.signal.aborted).toBe(false);
});

test('a stream passes its items on; one that is left early is aborted and let go', async () => {
  const source = new AbortController();
  let own: AbortSignal | undefined;
  const stream = () =>
    streamWithin({of: [source.signal]}, async function* (signal) {
      own = signal;
      yield* [1, 2, 3];
    });
  const all: number[] = [];
  for await (const item of stream()) all.push(item);
  expect(all).toEqual([1, 2, 3]);
  for await (const _item of stream()) {
    expect(own?.aborted).toBe(false);
    break;
  }
  expect(own?.aborted).toBe(true);
  expect(getEventListeners(source.signal, 'abort')).toEqual([]);
});

test('waiting ends with the signal, for a promise and for a stream that know nothing of it', async () => {
  const stop = new AbortController();
  async function* silent() {
    yield 'one';
    await never();
  }
  const items: string[] = [];
  const reading = (async () => {
    for await (const item of untilStopped(silent(), stop.signal)) items.push(item);
  })();
  const waiting = unlessStopped(never(), stop.signal);
  setTimeout(() => stop.abort(new Error('stopped')), 5);
  await expect(waiting).rejects.toThrow('stopped');
  await expect(reading).rejects.toThrow('stopped');
  expect(items).toEqual(['one']);
  expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
});

test('waiting that is over leaves no listener, however it ended', async () => {
  const {signal} = new AbortController();
  await unlessStopped(Promise.resolve(1), signal);
  await unlessStopped(Promise.reject(new Error('broken')), signal).catch(() => {});
  for await (const _item of untilStopped(
    (async function* () {
      yield* [1, 2];
    })(),
    signal,
  ));
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});
