// How many prompt tokens one step may hold: as many as the machine evaluates in the time an abort may take.

/** A step with prompt tokens should last about this long, in milliseconds. */
const STEP_MS = 200;
const SMALLEST = 32;

export class PromptPace {
  readonly #batchSize: number;
  #size: number;

  constructor(batchSize: number) {
    this.#batchSize = batchSize;
    this.#size = Math.min(batchSize, 2 * SMALLEST);
  }

  /** Prompt tokens for the next step, next to `answers` tokens of running answers. */
  tokens(answers: number): number {
    return Math.max(1, Math.min(this.#size, this.#batchSize - answers));
  }

  /** A step of `prompt` prompt tokens and `answers` answer tokens took `ms`. */
  measured(prompt: number, answers: number, ms: number): void {
    // Short steps say little about the rate: their fixed cost dominates.
    if (prompt < SMALLEST || answers > prompt / SMALLEST) return;
    const fitting = (prompt / Math.max(ms, 1)) * STEP_MS;
    const step = Math.floor(fitting / SMALLEST) * SMALLEST;
    // Doubling at most: one lucky timing must not make a step that takes seconds.
    this.#size = Math.max(SMALLEST, Math.min(step, this.#size * 2, this.#batchSize));
  }
}
