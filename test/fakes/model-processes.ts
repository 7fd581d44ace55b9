// Model processes without models: each start and end is one of this machine's, how long they take and fail is the test's.
import {setTimeout as sleep} from 'node:timers/promises';
import type {RunningModel} from '../../src/serve/router/model-pool.ts';

/** A process that runs until it is ended, or crashes. */
export class FakeProcess implements RunningModel {
  readonly id: string;
  readonly over: Promise<void>;
  /** Whether it was asked to end. */
  wasEnded = false;
  readonly #endMs: number;
  #isOver = false;
  #finish: () => void = () => {};

  constructor(id: string, endMs: number, onOver: () => void) {
    this.id = id;
    this.#endMs = endMs;
    this.over = new Promise((resolve) => {
      this.#finish = () => {
        if (!this.#isOver) onOver();
        this.#isOver = true;
        resolve();
      };
    });
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  end(): void {
    this.wasEnded = true;
    void sleep(this.#endMs).then(() => this.#finish());
  }

  crash(): void {
    this.#finish();
  }
}

export interface ProcessPlan {
  readonly loadMs?: number;
  readonly endMs?: number;
  /** What the next start of a model fails with. */
  readonly fails?: (id: string) => Error | undefined;
}

/** Starts fake processes, and remembers which there are. */
export class FakeProcesses {
  readonly alive = new Set<FakeProcess>();
  /** Models in the order they began to load. */
  readonly started: string[] = [];
  /** Loads at the same time, at most. */
  mostLoads = 0;
  /** Models that were alive or loading at the same time, at every start. */
  readonly together: string[][] = [];
  readonly #loading = new Set<string>();
  readonly #plan: ProcessPlan;

  constructor(plan: ProcessPlan = {}) {
    this.#plan = plan;
  }

  readonly start = async (id: string, signal: AbortSignal): Promise<FakeProcess> => {
    const {loadMs = 1, endMs = 1, fails} = this.#plan;
    this.started.push(id);
    this.#loading.add(id);
    this.mostLoads = Math.max(this.mostLoads, this.#loading.size);
    this.together.push([...this.#loading, ...[...this.alive].map((one) => one.id)]);
    try {
      await sleep(loadMs, undefined, {signal});
      const failure = fails?.(id);
      if (failure) throw failure;
      const running: FakeProcess = new FakeProcess(id, endMs, () => this.alive.delete(running));
      this.alive.add(running);
      return running;
    } finally {
      this.#loading.delete(id);
    }
  };
}
