// Continuous batching: each step decodes one batch made of the next token of every running answer and a piece of the
// prompts that are still being read, then samples. Steps are short, so that an abort takes effect quickly.

import {EngineError} from '../../../base/errors.ts';
import {reasonOf} from '../../../base/files/file-error.ts';
import type {StepWatch} from '../../contract/local-engine.ts';
import type {Token} from '../../contract/prompt.ts';
import type {Native} from '../native-context.ts';
import type {Answer} from './answer.ts';
import {PromptPace} from './pace/prompt-step-size.ts';
import {StepThreads} from './pace/step-threads.ts';
import type {CacheSlot, Slots} from './slots.ts';
import type {TokenSampler} from './token-sampler.ts';
import {watchStep} from './watch-step.ts';

export interface SchedulerOptions {
  readonly native: Native;
  readonly slots: Slots;
  /** Tokens one slot holds. */
  readonly contextSize: number;
  readonly batchSize: number;
  /** That compute a step at most. */
  readonly threads: number;
  readonly createSampler: (job: Answer) => Promise<TokenSampler>;
  readonly isEnd: (token: Token) => boolean;
  /** Monotonic, in milliseconds. */
  readonly now: () => number;
  readonly watch?: StepWatch;
  /** Called before each decode; what it throws fails the answers of the step. */
  readonly beforeDecode?: () => void;
  /** Called with how many threads compute each token: at the first one, and when that has changed. */
  readonly onThreads?: (threads: number) => void;
  /** Where another thread looks at the steps. */
  readonly signs?: StepSigns;
  /** Called when events are there: behind a step, and before one that new answers take part in. */
  readonly onEvents?: () => void;
  /** Called when nothing is left to do; what comes has to call `wake`. */
  readonly onIdle?: () => void;
}

/** Another thread is told which step runs, and may break it off. */
export interface StepSigns {
  /** A step can be broken off in the middle. */
  readonly canStop: boolean;
  /** `breakable`: the answers of the step that go on lose little when it is broken off. */
  begin(answers: readonly Answer[], breakable: boolean): void;
  end(): void;
}

interface BatchShare {
  readonly slot: CacheSlot;
  readonly job: Answer;
  readonly count: number;
  logitIndex: number | undefined;
}

export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #waiting: Answer[] = [];
  readonly #pace: PromptPace;
  readonly #threads: StepThreads;
  #loop: Promise<void> | undefined;
  #exclusive: Promise<unknown> | undefined;
  #closed = false;
  #toldThreads: number | undefined;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#pace = new PromptPace(options.batchSize, options.signs?.canStop);
    this.#threads = new StepThreads(options.threads);
  }

  /** Puts the job in line; its events tell the rest. */
  submit(job: Answer): void {
    if (this.#closed) {
      job.fail(closedError());
      return;
    }
    this.#waiting.push(job);
    this.wake();
  }

  /** Runs steps until no job is ready; called again whenever one becomes so. */
  wake(): void {
    this.#loop ??= this.#run()
      .catch((error) => this.#failAll(error))
      .finally(() => {
        this.#loop = undefined;
        if (!this.#hasWork()) this.#options.onIdle?.();
        // Asked again: what came meanwhile did not know that nobody would look.
        if (this.#hasWork()) this.wake();
      });
  }

  /** Runs `action` between two steps, while nothing is being decoded. */
  async between<T>(action: () => Promise<T>): Promise<T> {
    while (this.#exclusive) await this.#exclusive;
    if (this.#closed) throw closedError();
    const running = (this.#loop ?? Promise.resolve()).then(action);
    this.#exclusive = running.catch(() => undefined);
    try {
      return await running;
    } finally {
      this.#exclusive = undefined;
      this.wake();
    }
  }

  /** Fails every job and waits for the step in progress: afterwards nothing touches the context. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#failAll(closedError());
    while (this.#loop ?? this.#exclusive) await (this.#loop ?? this.#exclusive);
    this.#release();
  }

  #failAll(error: unknown): void {
    for (const job of this.#waiting.splice(0)) job.fail(error);
    for (const slot of this.#options.slots.all) slot.job?.fail(error);
  }

  /** A job that is over counts: its slot has to be released, and may be waited for. */
  #hasWork(): boolean {
    if (this.#exclusive) return false;
    const {all} = this.#options.slots;
    return all.some(({job}) => job?.over || job?.ready) || (this.#waiting.length > 0 && all.some(({job}) => !job));
  }

  async #run(): Promise<void> {
    while (true) {
      this.#release();
      if (this.#exclusive) return;
      // That reading its prompt begins is told before it does: the time until the first token is measured by it.
      if (await this.#admit()) this.#options.onEvents?.();
      const running = this.#options.slots.all.filter((slot) => slot.job?.ready);
      if (running.length === 0) return;
      await watchStep(this.#step(running), this.#options.watch);
      this.#options.onEvents?.();
      // What its tokens led to is written now: during a decode a socket or screen would take a core from the kernels, and
      // one thread of theirs that waits holds up all.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #release(): void {
    for (const slot of this.#options.slots.all) {
      if (!slot.job?.over) continue;
      slot.job.sampler?.dispose();
      slot.job = undefined;
    }
  }

  /** Whether a slot was given to an answer. */
  async #admit(): Promise<boolean> {
    const {slots, createSampler} = this.#options;
    let isAdmitted = false;
    while (this.#waiting.length > 0) {
      const job = this.#waiting[0] as Answer;
      const slot = job.over ? undefined : slots.choose(job.prompt, job.options.cacheOwner);
      if (!job.over && !slot) break;
      this.#waiting.shift();
      if (!slot) continue;
      isAdmitted = true;
      slot.job = job;
      try {
        job.sampler = await createSampler(job);
        const cached = await slots.reuse(slot, job.prompt, job.options.cacheOwner);
        job.pending = job.prompt.tokens.slice(cached);
        job.toEvaluate = job.pending.length;
        job.push({type: 'prompt', cached});
      } catch (error) {
        this.#fail([slot], error);
      }
    }
    return isAdmitted;
  }

  async #step(running: readonly CacheSlot[]): Promise<void> {
    const shares = this.#share(running);
    const isMeasured = this.#chooseThreads(shares);
    const started = this.#options.now();
    try {
      if ((await this.#decodeBreakably(shares)) === 'stopped') {
        for (const share of shares) this.#keepWhatIsHeld(share);
        return;
      }
    } catch (error) {
      this.#fail(running, error);
      return;
    }
    const prompted = shares.filter((share) => share.job.sampled === 0);
    const promptTokens = prompted.reduce((sum, share) => sum + share.count, 0);
    const ms = this.#options.now() - started;
    this.#pace.measured(promptTokens, ms);
    if (isMeasured) {
      this.#threads.measured(shares.length, ms);
      this.#tellThreads();
    }
    await Promise.all(shares.map((share) => this.#advance(share)));
  }

  #tellThreads(): void {
    const {kept} = this.#threads;
    if (kept === this.#toldThreads) return;
    this.#toldThreads = kept;
    this.#options.onThreads?.(kept);
  }

  /**
   * Whether the step tells how many threads are best. A prompt is read with all: its threads wait for each other seldom
   * (docs/design/benchmarks.md). In a long text the last bits of a sum depend on how many threads share it.
   */
  #chooseThreads(shares: readonly BatchShare[]): boolean {
    const isMeasured = shares.every(({count, job}) => count === 1 && !job.options.repeatable);
    this.#options.native.context.setThreads(isMeasured ? this.#threads.next : this.#threads.most);
    return isMeasured;
  }

  /** Every answer gets its one token; what the pace allows for prompts is split evenly. */
  #share(running: readonly CacheSlot[]): BatchShare[] {
    const {slots} = this.#options;
    const prompts = running.filter((slot) => (slot.job?.pending.length ?? 0) > 1).length;
    const budget = Math.floor(this.#pace.tokens(running.length - prompts) / Math.max(1, prompts));
    return running.map((slot) => {
      const job = slot.job as Answer;
      let count = Math.min(job.pending.length, Math.max(1, budget));
      const stop = slots.checkpointAt(job.prompt.tokens.length);
      if (stop !== undefined && slot.tokens.length < stop) count = Math.min(count, stop - slot.tokens.length);
      return {slot, job, count, logitIndex: undefined};
    });
  }

  async #decodeBreakably(shares: readonly BatchShare[]): Promise<'done' | 'stopped'> {
    const {signs} = this.#options;
    if (!signs) return this.#decode(shares);
    const breakable = signs.canStop && (shares.length === 1 || shares.some(({count}) => count > 1));
    signs.begin(
      shares.map(({job}) => job),
      breakable,
    );
    try {
      // Whoever gave up before this step began did not know which one to stop.
      return breakable && shares.some(({job}) => job.over) ? 'stopped' : await this.#decode(shares);
    } finally {
      signs.end();
    }
  }

  /** After a step that was stopped: whole pieces of it may be in the cache. Its logits are lost. */
  #keepWhatIsHeld({slot, job, count}: BatchShare): void {
    const {native, slots} = this.#options;
    const before = slot.tokens.length;
    const held = native.context.heldBy(slot.sequence) - before;
    const kept = Math.min(held, count, job.pending.length - 1);
    const isWhole = held >= 0 && (kept === held || this.#cut(slot.sequence, before + kept));
    if (isWhole) {
      slots.extend(slot, job, kept);
      job.pending = job.pending.slice(kept);
      return;
    }
    job.pending = [...slot.tokens, ...job.pending];
    if (job.sampled === 0) job.toEvaluate = job.pending.length;
    slots.clear(slot);
  }

  #cut(sequence: number, length: number): boolean {
    return this.#options.native.context.removeTokenCellsFromSequence(sequence, length, -1);
  }

  async #decode(shares: readonly BatchShare[]): Promise<'done' | 'stopped'> {
    const {context} = this.#options.native;
    context.initBatch(shares.reduce((sum, share) => sum + share.count, 0));
    for (const share of shares) {
      const {slot, job, count} = share;
      const wanted = count === job.pending.length ? [count - 1] : [];
      const tokens = Uint32Array.from(job.pending.slice(0, count));
      const indexes = context.addToBatch(slot.sequence, slot.tokens.length, tokens, Uint32Array.from(wanted));
      share.logitIndex = indexes[0];
    }
    this.#options.beforeDecode?.();
    const outcome = await context.decodeBatch();
    if (outcome === 'stopped') return outcome;
    for (const {slot, job, count} of shares) {
      this.#options.slots.extend(slot, job, count);
      job.pending = job.pending.slice(count);
    }
    return outcome;
  }

  /** After the decode: reports prompt progress or samples the job's next token. */
  async #advance({slot, job, logitIndex}: BatchShare): Promise<void> {
    const {slots, contextSize} = this.#options;
    try {
      if (job.sampled === 0) {
        if (slot.tokens.length === slots.checkpointAt(job.prompt.tokens.length)) await slots.takeCheckpoint(slot);
        job.push({type: 'prefill', done: job.toEvaluate - job.pending.length, total: job.toEvaluate});
      }
      if (logitIndex === undefined || !job.sampler || job.over) return;
      const sampled = await job.sampler.sample(logitIndex);
      job.sampled++;
      job.pending = [sampled.token];
      job.push({type: 'token', ...sampled});
      const limit = job.options.sampling.maxTokens ?? Number.POSITIVE_INFINITY;
      if (this.#options.isEnd(sampled.token) || job.sampled >= limit || slot.tokens.length >= contextSize) job.end();
    } catch (error) {
      this.#fail([slot], error);
    }
  }

  /** The KV state of a failed step is unknown, so the slots start from nothing. */
  #fail(slots: readonly CacheSlot[], error: unknown): void {
    const failure =
      error instanceof EngineError
        ? error
        : new EngineError('engine_failed', `the engine failed while generating: ${reasonOf(error)}`, {cause: error});
    for (const slot of slots) {
      slot.job?.fail(failure);
      this.#options.slots.clear(slot);
    }
  }
}

function closedError(): EngineError {
  return new EngineError('backend_failed', 'the model was closed while the request was running');
}
