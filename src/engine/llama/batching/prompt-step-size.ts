// How many prompt tokens one step may hold: as many as this machine evaluates in a fifth of a second. An aborted stream
// ends at once; what the step in progress costs is the time until the engine is free for somebody else.

const STEP_MS = 200;
/** Sizes the kernels like: matrix rows are handled sixteen at a time. */
const GRAIN = 16;
/** Below this a prompt alone is read at less than 0.95 of full speed (docs/benchmarks.md). */
const SMALLEST_ALONE = 64;

export class PromptPace {
  readonly #batchSize: number;
  #size = SMALLEST_ALONE;

  constructor(batchSize: number) {
    this.#batchSize = batchSize;
  }

  /** Prompt tokens for the next step. `answers` of running answers share it: then their flow comes before speed. */
  tokens(answers: number): number {
    const wanted = Math.max(this.#size, answers > 0 ? GRAIN : SMALLEST_ALONE);
    return Math.max(1, Math.min(wanted, this.#batchSize - answers));
  }

  /** A step with `prompt` prompt tokens took `ms`. */
  measured(prompt: number, ms: number): void {
    // A few tokens say nothing about the rate: the fixed cost of a step dominates.
    if (prompt < GRAIN) return;
    const fitting = Math.floor(((prompt / Math.max(ms, 0.1)) * STEP_MS) / GRAIN) * GRAIN;
    // Doubling at most: one lucky timing must not make a step of seconds.
    this.#size = Math.max(GRAIN, Math.min(fitting, 2 * Math.max(prompt, GRAIN), this.#batchSize));
  }
}
