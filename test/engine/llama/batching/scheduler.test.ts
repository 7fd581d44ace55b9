import {describe, expect, test, vi} from 'vitest';
import type {TokenEvent} from '../../../../src/engine/contract/backend.ts';
import type {StepWatch} from '../../../../src/engine/contract/local-engine.ts';
import {textPrompt} from '../../../../src/engine/contract/prompt.ts';
import {RunningAnswer} from '../../../../src/engine/llama/batching/running-answer.ts';
import {Scheduler, type StepSigns} from '../../../../src/engine/llama/batching/scheduler.ts';
import {Slots} from '../../../../src/engine/llama/batching/slots.ts';
import {TokenSampler} from '../../../../src/engine/llama/batching/token-sampler.ts';
import {FakeNativeContext, nextToken} from '../../../fakes/native-context.ts';

const immediate = () => new Promise((resolve) => setImmediate(resolve));
const settle = async () => {
  for (let n = 0; n < 30; n++) await immediate();
};

interface Settings {
  readonly batchSize?: number;
  readonly contextSize?: number;
  readonly threads?: number;
  readonly now?: () => number;
  readonly watch?: StepWatch;
  readonly signs?: StepSigns;
  readonly onThreads?: (threads: number) => void;
}

function engine(
  slotCount = 1,
  {batchSize = 512, contextSize = 1000, threads = 1, now = () => 0, watch, signs, onThreads}: Settings = {},
) {
  const context = new FakeNativeContext();
  const native = context.native();
  const slots = new Slots(native, slotCount, false);
  const scheduler = new Scheduler({
    native,
    slots,
    contextSize,
    batchSize,
    threads,
    createSampler: async (job) => new TokenSampler(native, job.options, job.prompt.tokens),
    isEnd: (token) => token === 2,
    // Steps of no duration: the pace doubles up to the batch.
    now,
    ...(watch && {watch}),
    ...(signs && {signs}),
    ...(onThreads && {onThreads}),
  });
  const start = (prompt: readonly number[], maxTokens = 3, repeatable = false): RunningAnswer => {
    const options = {sampling: {temperature: 0, maxTokens}, repeatable};
    const job = new RunningAnswer(textPrompt(prompt), options, () => scheduler.wake());
    scheduler.submit(job);
    return job;
  };
  return {context, slots, scheduler, start};
}

async function eventsOf(job: RunningAnswer): Promise<TokenEvent[]> {
  const events: TokenEvent[] = [];
  for await (const event of job.events()) events.push(event);
  return events;
}

/** The answer a prompt must get, computed without the engine. */
function answer(prompt: readonly number[], count: number): number[] {
  const tokens = [...prompt];
  for (let n = 0; n < count; n++) tokens.push(nextToken(tokens));
  return tokens.slice(prompt.length);
}

const tokensOf = (events: readonly TokenEvent[]) =>
  events.flatMap((event) => (event.type === 'token' ? [event.token] : []));
const many = (length: number, from: number) => Array.from({length}, (_, at) => from + at);

describe('Scheduler', () => {
  test('reads a prompt in pieces and tells how far it is', async () => {
    const {context, start} = engine();
    const events = await eventsOf(start(many(300, 100)));
    expect(events.slice(0, 4)).toEqual([
      {type: 'prompt', cached: 0},
      {type: 'prefill', done: 64, total: 300},
      {type: 'prefill', done: 192, total: 300},
      {type: 'prefill', done: 300, total: 300},
    ]);
    expect(tokensOf(events)).toEqual(answer(many(300, 100), 3));
    expect(context.batches.map(([part]) => part?.[1])).toEqual([64, 128, 108, 1, 1]);
  });

  test('one step serves all answers, and what it leaves goes to prompts in equal parts', async () => {
    const {context, start} = engine(3, {batchSize: 65});
    const first = start([100, 101], 30);
    await settle();
    const running = [eventsOf(first), eventsOf(start(many(100, 200))), eventsOf(start(many(100, 300)))];
    const events = await Promise.all(running);
    expect(tokensOf(events[0] ?? [])).toEqual(answer([100, 101], 30));
    expect(tokensOf(events[1] ?? [])).toEqual(answer(many(100, 200), 3));
    expect(tokensOf(events[2] ?? [])).toEqual(answer(many(100, 300), 3));
    expect(context.batches).toContainEqual([
      [0, 1],
      [1, 32],
      [2, 32],
    ]);
  });

  test('more requests than slots wait in line and go where their prefix is', async () => {
    const {start, context} = engine(2);
    await Promise.all([eventsOf(start([100, 101, 102])), eventsOf(start([200, 201, 202]))]);
    const jobs = [start([200, 201, 202, 9]), start([100, 101, 102, 9]), start([200, 201, 202, 8])];
    const events = await Promise.all(jobs.map(eventsOf));
    expect(events.map(([first]) => first)).toEqual([
      {type: 'prompt', cached: 3},
      {type: 'prompt', cached: 3},
      {type: 'prompt', cached: 3},
    ]);
    expect(events.map(tokensOf)).toEqual([
      answer([200, 201, 202, 9], 3),
      answer([100, 101, 102, 9], 3),
      answer([200, 201, 202, 8], 3),
    ]);
    expect(context.sequences.size).toBe(2);
  });

  test('a reader that does not read is worked ahead for, but not far', async () => {
    const {context, start} = engine();
    const job = start([100], 50);
    await settle();
    const decoded = context.batches.length;
    expect(decoded).toBeLessThan(5);
    await settle();
    expect(context.batches).toHaveLength(decoded);
    expect(tokensOf(await eventsOf(job))).toEqual(answer([100], 50));
  });

  test.each([0, 1, 2, 3, 4, 5, 6])('a request %i ticks behind one that was dropped is not forgotten', async (ticks) => {
    const {start} = engine();
    const dropped = start([100], 50);
    await settle();
    // Reading wakes the scheduler, which finds the job gone and goes back to sleep.
    const read = dropped.events().next();
    dropped.cancel();
    for (let tick = 0; tick < ticks; tick++) await undefined;
    expect(tokensOf(await eventsOf(start([200])))).toEqual(answer([200], 3));
    await read;
  });

  test('a failed decode fails the answers of its batch and leaves clean slots', async () => {
    const {context, start} = engine(2);
    context.beforeDecode = () => {
      throw new Error('Eval has failed');
    };
    const jobs = [start([100]), start([200])];
    for (const job of jobs) {
      await expect(eventsOf(job)).rejects.toMatchObject({
        code: 'engine_failed',
        message: 'the engine failed while generating: Eval has failed',
      });
    }
    expect(context.sequences.size).toBe(0);
    context.beforeDecode = undefined;
    expect(tokensOf(await eventsOf(start([100])))).toEqual(answer([100], 3));
  });

  test('a decode that does not return is told, and so is its end', async () => {
    const told: boolean[] = [];
    const {context, start} = engine(1, {watch: {limitMs: 1, onStall: (stalled) => told.push(stalled)}});
    let release = () => {};
    const hanging = new Promise<void>((resolve) => {
      release = resolve;
    });
    context.beforeDecode = () => hanging;
    const events = eventsOf(start([100], 1));
    await vi.waitFor(() => expect(told).toEqual([true]));
    context.beforeDecode = undefined;
    release();
    expect(tokensOf(await events)).toEqual(answer([100], 1));
    expect(told).toEqual([true, false]);
  });

  test('steps that end in time are not told', async () => {
    const onStall = vi.fn();
    const {start} = engine(1, {watch: {limitMs: 60_000, onStall}});
    expect(tokensOf(await eventsOf(start([100], 5)))).toEqual(answer([100], 5));
    expect(onStall).not.toHaveBeenCalled();
  });

  test('a full slot ends its answer', async () => {
    const {start} = engine(1, {contextSize: 5});
    expect(tokensOf(await eventsOf(start([100, 101, 102], 50)))).toEqual(answer([100, 101, 102], 3));
  });

  test('an action between steps waits for the step in progress and holds the next one', async () => {
    const {context, scheduler, start} = engine();
    const answering = eventsOf(start([100], 10));
    await immediate();
    const order: string[] = [];
    context.beforeDecode = () => {
      order.push('decode');
    };
    const action = scheduler.between(async () => {
      order.push('begin');
      await settle();
      order.push('end');
    });
    await Promise.all([answering, action]);
    const begin = order.indexOf('begin');
    expect(order[begin + 1]).toBe('end');
    expect(order.slice(begin + 2).every((step) => step === 'decode')).toBe(true);
    expect(order.length).toBeGreaterThan(begin + 2);
  });

  test('close fails what runs and what waits, and afterwards nothing starts', async () => {
    const {scheduler, start, context} = engine();
    const failures = [start([100], 50), start([200])].map((job) =>
      expect(eventsOf(job)).rejects.toMatchObject({code: 'backend_failed'}),
    );
    await immediate();
    await scheduler.close();
    await Promise.all(failures);
    const decoded = context.batches.length;
    await expect(eventsOf(start([300]))).rejects.toMatchObject({code: 'backend_failed'});
    expect(context.batches).toHaveLength(decoded);
  });
});

describe('a step that is stopped', () => {
  const signs: StepSigns = {canStop: true, begin() {}, end() {}};

  /** Stops the decode of this number; `kept` tokens of each of its parts stay. */
  function stopOnce(context: FakeNativeContext, nth: number, kept: number) {
    let decodes = 0;
    context.stopAfter = () => (++decodes === nth ? kept : undefined);
  }

  test.each([
    ['nothing of it', 0],
    ['a piece of it', 40],
    ['all of it', 1000],
  ])('and left %s in the cache is gone on from there, with the same answers', async (_, kept) => {
    const {context, start} = engine(2, {signs});
    const first = eventsOf(start(many(300, 100), 20));
    stopOnce(context, 2, kept);
    const [one, two] = await Promise.all([first, eventsOf(start(many(200, 500), 20))]);
    expect(tokensOf(one)).toEqual(answer(many(300, 100), 20));
    expect(tokensOf(two)).toEqual(answer(many(200, 500), 20));
  });

  test('while answers are written loses none of their tokens', async () => {
    for (const nth of [2, 3, 4, 5, 6]) {
      const {context, start} = engine(2, {signs});
      stopOnce(context, nth, nth % 2);
      const both = await Promise.all([eventsOf(start([100], 10)), eventsOf(start([200], 10))]);
      expect(both.map(tokensOf)).toEqual([answer([100], 10), answer([200], 10)]);
    }
  });

  test('and lost what was there before it is begun anew', async () => {
    const {context, start} = engine(1, {signs});
    stopOnce(context, 3, -30);
    const events = await eventsOf(start(many(300, 100), 5));
    expect(tokensOf(events)).toEqual(answer(many(300, 100), 5));
    expect(events.findLast(({type}) => type === 'prefill')).toEqual({type: 'prefill', done: 300, total: 300});
  });

  test('and cannot be cut back is begun anew', async () => {
    const {context, start} = engine(1, {signs});
    context.canCut = false;
    stopOnce(context, 3, 1000);
    expect(tokensOf(await eventsOf(start(many(300, 100), 5)))).toEqual(answer(many(300, 100), 5));
  });

  test('for one answer ends that one and no other', async () => {
    const {context, start} = engine(2, {signs});
    const kept = eventsOf(start(many(300, 100), 5));
    const dropped = start(many(300, 700), 5);
    let decodes = 0;
    context.stopAfter = () => {
      if (++decodes !== 2) return undefined;
      dropped.cancel();
      return 0;
    };
    expect(tokensOf(await kept)).toEqual(answer(many(300, 100), 5));
    expect(
      context.batches
        .slice(2)
        .flat()
        .every(([sequence]) => sequence === 0),
    ).toBe(true);
  });
});

describe('the signs of a step', () => {
  test('say whom it serves, and that it may be broken off when it reads or serves one', async () => {
    const told: [number, boolean][] = [];
    let running = 0;
    const signs: StepSigns = {
      canStop: true,
      begin: (answers, breakable) => {
        running++;
        told.push([answers.length, breakable]);
      },
      end: () => running--,
    };
    const {context, start} = engine(2, {signs});
    context.beforeDecode = () => expect(running).toBe(1);
    await Promise.all([eventsOf(start(many(100, 100), 3)), eventsOf(start(many(100, 300), 5))]);
    expect(running).toBe(0);
    expect(told).toContainEqual([2, true]);
    expect(told).toContainEqual([2, false]);
    expect(told).toContainEqual([1, true]);
    expect(told).not.toContainEqual([1, false]);
  });

  test('an answer given up just before its step began is not computed', async () => {
    const dropped: RunningAnswer[] = [];
    const {context, start} = engine(1, {signs: {canStop: true, begin: () => dropped[0]?.cancel(), end() {}}});
    dropped.push(start(many(100, 100)));
    await settle();
    expect(context.batches).toEqual([]);
    dropped.length = 0;
    expect(tokensOf(await eventsOf(start([200])))).toEqual(answer([200], 3));
  });

  test('where a step cannot be stopped it is never said to be breakable', async () => {
    const told: boolean[] = [];
    const {start} = engine(1, {signs: {canStop: false, begin: (_, breakable) => told.push(breakable), end() {}}});
    await eventsOf(start(many(100, 100)));
    expect(new Set(told)).toEqual(new Set([false]));
  });
});

test('that reading begins is told before the first step, the events of a step behind it, idleness when nothing is left', async () => {
  const order: string[] = [];
  const context = new FakeNativeContext();
  const native = context.native();
  const scheduler: Scheduler = new Scheduler({
    native,
    slots: new Slots(native, 1, false),
    contextSize: 100,
    batchSize: 64,
    createSampler: async (job) => new TokenSampler(native, job.options, job.prompt.tokens),
    isEnd: () => false,
    threads: 1,
    now: () => 0,
    onEvents: () => order.push(`events, ${context.batches.length} steps`),
    onIdle: () => order.push('idle'),
  });
  const job = new RunningAnswer(textPrompt([1, 2]), {sampling: {temperature: 0, maxTokens: 2}}, () => scheduler.wake());
  scheduler.submit(job);
  await eventsOf(job);
  await settle();
  expect(order).toEqual(['events, 0 steps', 'events, 1 steps', 'events, 2 steps', 'idle']);
});

describe('threads', () => {
  /** Two threads wait for a core that another process holds; one does not. */
  function busy(onThreads = (_threads: number): void => undefined) {
    let clock = 0;
    const made = engine(2, {threads: 2, now: () => clock, onThreads});
    made.context.beforeDecode = () => {
      clock += made.context.threads.at(-1) === 2 ? 60 : 20;
    };
    return made;
  }

  test('steps that draw tokens follow the machine; those of prompts have all', async () => {
    const {context, start} = busy();
    await eventsOf(start(many(100, 100), 30));
    expect(context.threads.slice(0, 12)).toEqual([2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1]);
    expect(new Set(context.threads.slice(22))).toEqual(new Set([1]));
    const before = context.threads.length;
    await eventsOf(start(many(100, 500), 12));
    expect(context.batches.slice(before, before + 4).map(([part]) => part?.[1])).toEqual([72, 28, 1, 1]);
    expect(context.threads.slice(before, before + 4)).toEqual([2, 2, 1, 1]);
  });

  test('how many compute each token is told at the first one, and when it has changed; no try is', async () => {
    const told: number[] = [];
    const {context, start} = busy((threads) => told.push(threads));
    await eventsOf(start(many(100, 100), 200));
    expect(told).toEqual([2, 1]);
    expect(context.threads.lastIndexOf(2)).toBeGreaterThan(20);
  });

  test('an answer that shall come again has all in each of its steps, and those beside it', async () => {
    const {context, start} = busy();
    await Promise.all([eventsOf(start([100, 101], 30, true)), eventsOf(start([200, 201], 30))]);
    expect(new Set(context.threads)).toEqual(new Set([2]));
  });
});
