// The worker's loop: keeps asking for as many jobs as there are free slots, runs them side by side, tells progress.
import {setTimeout as sleep} from 'node:timers/promises';
import type {EngineError} from '../../base/errors.ts';
import {reasonOf} from '../../base/files/file-error.ts';
import {within} from '../../base/signals.ts';
import type {Backend} from '../../engine/contract/backend.ts';
import {EngineWatch} from '../engine-watch.ts';
import type {AimeApi, JobData} from './aime-api.ts';
import {type JobState, progressOf, resultOf, runJob, startJob} from './aime-job.ts';

export interface WorkerOptions {
  readonly slots: number;
  /** Between two progress calls: the server's own workers send five a second at most. */
  readonly progressMs: number;
  readonly log: (line: string) => void;
}

/** For a result whose worker was told to stop at once. */
const LAST_WORD_MS = 1000;

interface Running {
  readonly state: JobState;
  readonly controller: AbortController;
  /** What the server was told last, in tokens. */
  told: number;
}

export class Worker {
  readonly #backend: Backend;
  readonly #api: AimeApi;
  readonly #options: WorkerOptions;
  readonly #engine: EngineWatch;
  /** Aborts, with the error as its reason, when the engine has broken down. */
  readonly #dead = new AbortController();
  readonly #running = new Map<string, Running>();
  /** Wakes the loop when a job has ended. */
  #freed = () => {};

  constructor(backend: Backend, api: AimeApi, options: WorkerOptions) {
    this.#backend = backend;
    this.#api = api;
    this.#options = options;
    this.#engine = new EngineWatch(backend, {onDead: (error: EngineError) => this.#dead.abort(error)});
  }

  /**
   * Works until `stop` aborts, then finishes what runs; `kill` ends that too.
   * @throws EngineError when the server refuses this worker, or `engine_failed` when the engine breaks down.
   */
  async work(stop: AbortSignal, kill: AbortSignal): Promise<void> {
    const killAll = () => {
      for (const {controller} of this.#running.values()) controller.abort();
    };
    kill.addEventListener('abort', killAll);
    const done = new AbortController();
    const telling = this.#tell(done.signal);
    try {
      await this.#takeJobs(AbortSignal.any([stop, this.#dead.signal]), kill);
      this.#dead.signal.throwIfAborted();
      while (this.#running.size > 0) await this.#aFreeSlot();
    } finally {
      killAll();
      kill.removeEventListener('abort', killAll);
      done.abort();
      await telling;
    }
  }

  async #takeJobs(stop: AbortSignal, kill: AbortSignal): Promise<void> {
    try {
      await this.#api.logIn(stop);
      while (!stop.aborted) {
        const free = this.#options.slots - this.#running.size;
        if (free === 0) await this.#aFreeSlot();
        else for (const job of await this.#api.jobs(free, stop)) void this.#run(job, kill);
      }
    } catch (error) {
      if (!stop.aborted) throw error;
    }
  }

  #aFreeSlot(): Promise<void> {
    return new Promise((resolve) => {
      this.#freed = resolve;
    });
  }

  async #run(job: JobData, kill: AbortSignal): Promise<void> {
    const id = job.job_id;
    if (this.#running.has(id)) return this.#options.log(`job ${id}: it came a second time and runs once`);
    const one: Running = {
      state: {text: '', generated: 0, prompt: 0},
      controller: new AbortController(),
      told: -1,
    };
    this.#running.set(id, one);
    const start = () => this.#engine.guard(startJob(this.#backend, job, one.controller.signal));
    const error = await runJob(start, one.state);
    if (error !== undefined) this.#options.log(`job ${id}: ${error}`);
    // Whoever kills the worker still lets it say so, but not wait for a server that is away.
    const patience = kill.aborted ? {of: [], ms: LAST_WORD_MS} : {of: [kill]};
    const result = resultOf(one.state, this.#backend, error);
    try {
      await within(patience, (signal) => this.#api.result(id, result, signal));
    } catch (reason) {
      const why = kill.aborted ? 'the worker was stopped' : reasonOf(reason);
      this.#options.log(`job ${id}: its result was not delivered: ${why}`);
    }
    this.#running.delete(id);
    this.#freed();
  }

  /** Tells the server of jobs that went on since the last call, one call at a time. */
  async #tell(done: AbortSignal): Promise<void> {
    while (!done.aborted) {
      const fresh = [...this.#running].filter(([, {state, told}]) => state.generated > told);
      if (fresh.length > 0) {
        for (const [, one] of fresh) one.told = one.state.generated;
        const updates = fresh.map(([, {state}]) => progressOf(state));
        const ids = fresh.map(([id]) => id);
        const gone = await this.#api.progress(updates, ids, done).catch(() => []);
        for (const id of gone) this.#running.get(id)?.controller.abort();
      }
      await sleep(this.#options.progressMs, undefined, {signal: done}).catch(() => {});
    }
  }
}
