import {setTimeout as sleep} from 'node:timers/promises';
import {expect, onTestFinished, test, vi} from 'vitest';
import {EngineError} from '../../../src/base/errors.ts';
import type {HttpError} from '../../../src/serve/http-error.ts';
import {type Lease, ModelPool, type PoolOptions} from '../../../src/serve/router/model-pool.ts';
import {type FakeProcess, FakeProcesses, type ProcessPlan} from '../../fakes/model-processes.ts';
import {randomNumbers} from '../../fixtures/random-numbers.ts';

const MODELS = [
  {id: 'a', bytes: 4},
  {id: 'b', bytes: 4},
  {id: 'c', bytes: 6},
];
/** Nobody leaves. */
const STAYS = new AbortController().signal;
const FOR_EVER = Number.POSITIVE_INFINITY;

function pool(plan: ProcessPlan = {}, options: Partial<PoolOptions<FakeProcess>> = {}) {
  const processes = new FakeProcesses(plan);
  const {start} = processes;
  const one = new ModelPool({
    models: MODELS,
    budget: 10,
    keepAliveMs: FOR_EVER,
    maxWaiting: 100,
    start,
    ...options,
  });
  onTestFinished(() => one.close());
  return {pool: one, processes};
}

const use = async (from: ModelPool<FakeProcess>, id: string, keepAliveMs?: number) =>
  (await from.acquire(id, STAYS, keepAliveMs)).release();

test('a model is loaded once for all who ask, and stays', async () => {
  const {pool: one, processes} = pool();
  expect(one.state('a')).toBe('unloaded');
  const asked = [one.acquire('a', STAYS), one.acquire('a', STAYS)];
  expect(one.state('a')).toBe('loading');
  const leases = await Promise.all(asked);
  expect(leases[0]?.running).toBe(leases[1]?.running);
  for (const lease of leases) lease.release();
  await use(one, 'a');
  expect(processes.started).toEqual(['a']);
  expect(one.state('a')).toBe('loaded');
  expect(one.usedBytes).toBe(4);
});

test('models are loaded one at a time, in the order they were asked for', async () => {
  const {pool: one, processes} = pool({loadMs: 5}, {budget: 20});
  await Promise.all(['b', 'c', 'a', 'b'].map((id) => use(one, id)));
  expect(processes.started).toEqual(['b', 'c', 'a']);
  expect(processes.mostLoads).toBe(1);
});

test('for room the idle model that was not used for longest goes, when it is gone the next is loaded', async () => {
  const {pool: one, processes} = pool({endMs: 10});
  await use(one, 'a');
  await sleep(2);
  await use(one, 'b');
  await sleep(2);
  await use(one, 'a');
  await use(one, 'c');
  expect(['a', 'b', 'c'].map((id) => one.state(id))).toEqual(['loaded', 'sleeping', 'loaded']);
  expect(processes.together.at(-1)?.sort()).toEqual(['a', 'c']);
});

test('a busy model is not ended for room; new requests for it wait behind the one that needs the room', async () => {
  const {pool: one, processes} = pool({}, {budget: 6});
  const busy = await one.acquire('a', STAYS);
  const order: string[] = [];
  const c = use(one, 'c').then(() => order.push('c'));
  const a = use(one, 'a').then(() => order.push('a'));
  await sleep(20);
  expect(processes.started).toEqual(['a']);
  expect(busy.running.isOver).toBe(false);
  busy.release();
  await Promise.all([c, a]);
  expect(order).toEqual(['c', 'a']);
  expect(processes.started).toEqual(['a', 'c', 'a']);
});

test('who leaves the line is passed over, and what was to make room for it stays', async () => {
  const {pool: one, processes} = pool({}, {budget: 6});
  const busy = await one.acquire('a', STAYS);
  const client = new AbortController();
  const waiting = one.acquire('c', client.signal);
  const behind = one.acquire('a', STAYS);
  client.abort(new Error('left'));
  await expect(waiting).rejects.toThrow('left');
  (await behind).release();
  expect(one.waiting).toBe(0);
  busy.release();
  expect(processes.started).toEqual(['a']);
  expect(one.state('a')).toBe('loaded');
});

test('a model that is larger than the budget is refused with both numbers, and nothing is ended for it', async () => {
  const {pool: one} = pool({}, {models: [...MODELS, {id: 'huge', bytes: 24e9}], budget: 16e9});
  await use(one, 'a');
  await expect(one.acquire('huge', STAYS)).rejects.toMatchObject({
    status: 400,
    code: 'model_too_large',
    param: 'model',
    message: "the model 'huge' needs 24.0 GB of memory, and all models together may have 16.0 GB",
  });
  expect(one.state('a')).toBe('loaded');
});

test('an idle model goes when its time is over, which begins when the last request ends', async () => {
  const {pool: one} = pool({}, {keepAliveMs: 60});
  const lease = await one.acquire('a', STAYS);
  await sleep(120);
  expect(one.state('a')).toBe('loaded');
  lease.release();
  expect(one.expiresIn('a')).toBeGreaterThan(20);
  await vi.waitFor(() => expect(one.state('a')).toBe('sleeping'), 2000);
  expect(one.expiresIn('a')).toBeUndefined();
});

test('keep_alive is remembered until another is named; 0 ends it with the last request, not before', async () => {
  const {pool: one} = pool();
  const first = await one.acquire('a', STAYS);
  const second = await one.acquire('a', STAYS, 0);
  second.release();
  expect(one.state('a')).toBe('loaded');
  first.release();
  expect(one.state('a')).toBe('sleeping');
  await use(one, 'a');
  expect(one.state('a')).toBe('sleeping');
  await use(one, 'a', FOR_EVER);
  await use(one, 'a');
  expect(one.state('a')).toBe('loaded');
  expect(one.expiresIn('a')).toBe(FOR_EVER);
});

test('what is borrowed does not load, and does not move the end of the time', async () => {
  const {pool: one} = pool({}, {keepAliveMs: 60_000});
  expect(one.borrow('a')).toBeUndefined();
  expect(one.state('a')).toBe('unloaded');
  await use(one, 'a');
  const before = one.expiresIn('a') ?? 0;
  await sleep(50);
  one.borrow('a')?.release();
  expect(one.expiresIn('a')).toBeLessThan(before - 40);
});

test('unload ends an idle model at once and a busy one with its last request', async () => {
  const {pool: one} = pool();
  const lease = await one.acquire('a', STAYS);
  one.unload('a');
  expect(one.state('a')).toBe('loaded');
  lease.release();
  expect(one.state('a')).toBe('unloaded');
  await use(one, 'a');
  expect(one.state('a')).toBe('loaded');
  one.unload('a');
  expect(one.state('a')).toBe('unloaded');
});

test('all who wait hear that a load failed; it is tried again after a while, not before', async () => {
  let broken = true;
  const fails = () => (broken ? new EngineError('model_invalid', 'the file is cut short') : undefined);
  const {pool: one, processes} = pool({fails}, {retryMs: 1000});
  const failures = await Promise.allSettled([one.acquire('a', STAYS), one.acquire('a', STAYS), use(one, 'b')]);
  for (const {reason} of failures as PromiseRejectedResult[])
    expect(reason).toMatchObject({
      status: 503,
      code: 'model_load_failed',
      message: expect.stringContaining('cut short'),
    });
  broken = false;
  await expect(one.acquire('a', STAYS)).rejects.toMatchObject({code: 'model_load_failed', retryAfter: 1});
  expect(processes.started).toEqual(['a', 'b']);
  await vi.waitFor(() => use(one, 'a'), 5000);
  expect(processes.started).toEqual(['a', 'b', 'a']);
});

test('a crash leaves the others, and the next request loads the model again', async () => {
  const {pool: one, processes} = pool();
  const lost = await one.acquire('a', STAYS);
  const other = await one.acquire('b', STAYS);
  lost.running.crash();
  await vi.waitFor(() => expect(one.state('a')).toBe('unloaded'));
  const again = await one.acquire('a', STAYS);
  // A right to a process that is gone counts for nothing.
  lost.release();
  one.unload('a');
  expect(one.state('a')).toBe('loaded');
  again.release();
  expect(other.running.isOver).toBe(false);
  other.release();
  expect(processes.started).toEqual(['a', 'b', 'a']);
});

test('a line that is too long is a 429, and closing refuses who waits and ends all', async () => {
  const {pool: one, processes} = pool({loadMs: 1000}, {maxWaiting: 1});
  await expect(Promise.all([one.acquire('a', STAYS), one.acquire('a', STAYS)])).rejects.toMatchObject({status: 429});
  const waiting = one.acquire('b', STAYS);
  const refused = expect(waiting).rejects.toMatchObject({status: 503, code: 'draining'});
  await one.close();
  await refused;
  expect(processes.alive.size).toBe(0);
  await expect(one.acquire('a', STAYS)).rejects.toMatchObject({status: 503});
});

test.each([1, 2, 3, 4, 5, 6])('whatever is asked, aborted, ended and crashes (%i)', async (seed) => {
  const draw = randomNumbers(seed);
  const next = () => draw(1e6) / 1e6;
  const pick = <T>(list: readonly T[]) => list[Math.floor(next() * list.length)] as T;
  const fails = () => (next() < 0.1 ? new EngineError('model_invalid', 'no luck') : undefined);
  const {pool: one, processes} = pool({loadMs: 2, endMs: 2, fails}, {keepAliveMs: 5, retryMs: 3, maxWaiting: 20});
  const ids = MODELS.map(({id}) => id);
  const outcomes: string[] = [];
  const ask = async () => {
    const client = new AbortController();
    const leaves = next() < 0.2;
    const [leaveMs, useMs, keepAlive] = [next() * 8, next() * 6, pick([undefined, 0, 3, FOR_EVER])];
    if (leaves) setTimeout(() => client.abort(new Error('left')), leaveMs);
    let lease: Lease<FakeProcess>;
    try {
      lease = await one.acquire(pick(ids), client.signal, keepAlive);
    } catch (error) {
      outcomes.push((error as HttpError).code ?? (error as Error).message);
      return;
    }
    await sleep(useMs);
    // It may crash under whoever uses it, but is never ended.
    expect(lease.running.wasEnded).toBe(false);
    lease.release();
    outcomes.push('served');
  };
  const asked: Promise<void>[] = [];
  for (let step = 0; step < 150; step++) {
    const what = next();
    if (what < 0.7) asked.push(ask());
    else if (what < 0.8) one.unload(pick(ids));
    else if (what < 0.9) one.borrow(pick(ids))?.release();
    else pick([...processes.alive])?.crash();
    if (next() < 0.5) await sleep(next() * 4);
    expect(one.usedBytes).toBeLessThanOrEqual(10);
  }
  // Nobody waits for ever.
  await Promise.all(asked);
  expect(outcomes).toHaveLength(asked.length);
  expect(outcomes).toContain('served');
  expect(processes.mostLoads).toBe(1);
  const sizes = processes.together.map((all) => all.reduce((sum, id) => sum + (id === 'c' ? 6 : 4), 0));
  expect(Math.max(...sizes)).toBeLessThanOrEqual(10);
  expect(one.waiting).toBe(0);
});
