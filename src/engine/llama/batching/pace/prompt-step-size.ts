// How many prompt tokens one step may hold: as many as this machine evaluates in a fifth of a second. An aborted stream
// ends at once; what the step in progress costs is the time until the engine is free for somebody else. Where a step can be
// stopped, only the answers that run beside it, and whoever looks at the progress, have to wait.

/** Beside running answers, and where a step cannot be stopped. */
const STEP_MS = 200;
/** For a prompt alone that can be stopped: it tells its progress once a second. */
const STOPPABLE_STEP_MS = 1000;
/** Sizes the kernels like: matrix rows are handled sixteen at a time. */
const GRAIN = 16;
/** Below this a prompt alone is read at less than 0.95 of full speed (docs/design/benchmarks.md). */
const SMALLEST_ALONE = 64;

export class PromptPace {
  readonly #batchSize: number;
  readonly #aloneMs: number;
  /** What was evaluated in 200 ms, as far as it is known. */
  #size = SMALLEST_ALONE;
  #sizeAlone = SMALLEST_ALONE;

  constructor(batchSize: number, isStoppable = false) {
    this.#batchSize = batchSize;
    this.#aloneMs = isStoppable ? STOPPABLE_STEP_MS : STEP_MS;
  }

  /** Prompt tokens for the next step. `answers` of running answers share it: then their flow comes before speed. */
  tokens(answers: number): number {
    const wanted = answers > 0 ? Math.max(this.#size, GRAIN) : Math.max(this.#sizeAlone, SMALLEST_ALONE);
    return Math.max(1, Math.min(wanted, this.#batchSize - answers));
  }

  /** A step with `prompt` prompt tokens took `ms`. */
  measured(prompt: number, ms: number): void {
    // A few tokens say nothing about the rate: the fixed cost of a step dominates.
    if (prompt < GRAIN) return;
    this.#size = this.#fitting(prompt, ms, STEP_MS);
    this.#sizeAlone = this.#fitting(prompt, ms, this.#aloneMs);
  }

  #fitting(prompt: number, ms: number, limitMs: number): number {
    const fitting = Math.floor(((prompt / Math.max(ms, 0.1)) * limitMs) / GRAIN) * GRAIN;
    // Doubling at most: one lucky timing must not make a step of seconds.
    return Math.max(GRAIN, Math.min(fitting, 2 * Math.max(prompt, GRAIN), this.#batchSize));
  }
}
