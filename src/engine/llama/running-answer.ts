// One running answer inside the scheduler: what is still to be fed, and a short queue of events for its reader.
import type {GenerateOptions, TokenEvent} from '../contract/backend.ts';
import type {Prompt, Token} from '../contract/prompt.ts';
import type {TokenSampler} from './token-sampler.ts';

/** How many events the engine works ahead of a slow reader before it leaves the job out of the batch. */
const WORK_AHEAD = 4;

export class RunningAnswer {
  readonly prompt: Prompt;
  readonly options: GenerateOptions;
  /** Set while the job owns a slot. */
  sampler: TokenSampler | undefined;
  /** Tokens that must be decoded before the next one can be sampled: the prompt's rest, later the last sampled token. */
  pending: readonly Token[] = [];
  /** Prompt tokens that were not in the cache. */
  toEvaluate = 0;
  sampled = 0;
  readonly #queue: TokenEvent[] = [];
  readonly #wake: () => void;
  #over = false;
  #failure: unknown;
  #reader: (() => void) | undefined;

  /** `wake` is called when the reader has caught up, so that the scheduler takes the job into its batch again. */
  constructor(prompt: Prompt, options: GenerateOptions, wake: () => void) {
    this.prompt = prompt;
    this.options = options;
    this.#wake = wake;
  }

  get over(): boolean {
    return this.#over;
  }

  /** False while the reader is too far behind. */
  get ready(): boolean {
    return !this.#over && this.#queue.length < WORK_AHEAD;
  }

  push(event: TokenEvent): void {
    if (this.#over) return;
    this.#queue.push(event);
    this.#notify();
  }

  /** Ends the stream after what is queued. */
  end(): void {
    this.#over = true;
    this.#notify();
  }

  /** Ends the stream now: what is queued is dropped. */
  cancel(): void {
    this.#queue.length = 0;
    this.end();
  }

  fail(failure: unknown): void {
    if (this.#over) return;
    this.#failure = failure;
    this.end();
  }

  async *events(): AsyncGenerator<TokenEvent, void, undefined> {
    while (true) {
      const event = this.#queue.shift();
      if (event) {
        if (this.#queue.length === WORK_AHEAD - 1) this.#wake();
        yield event;
      } else if (this.#failure !== undefined) {
        throw this.#failure;
      } else if (this.#over) {
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.#reader = resolve;
        });
      }
    }
  }

  #notify(): void {
    this.#reader?.();
    this.#reader = undefined;
  }
}
