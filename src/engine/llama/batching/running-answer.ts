// An answer whose reader is in the scheduler's own thread: a short queue of events lies between them.
import type {GenerateOptions, TokenEvent} from '../../contract/backend.ts';
import type {Prompt} from '../../contract/prompt.ts';
import {Answer} from './answer.ts';
import {EventQueue, WORK_AHEAD} from './event-queue.ts';

export class RunningAnswer extends Answer {
  readonly #queue: EventQueue;

  /** `wake` is called when the reader has caught up, so that the scheduler takes the answer into its batch again. */
  constructor(prompt: Prompt, options: GenerateOptions, wake: () => void) {
    super(prompt, options);
    this.#queue = new EventQueue((left) => {
      if (left === WORK_AHEAD - 1) wake();
    });
  }

  get over(): boolean {
    return this.#queue.over;
  }

  get ready(): boolean {
    return !this.#queue.over && this.#queue.length < WORK_AHEAD;
  }

  push(event: TokenEvent): void {
    this.#queue.push(event);
  }

  end(): void {
    this.#queue.end();
  }

  /** Ends the stream now: what is queued is dropped. */
  cancel(): void {
    this.#queue.cancel();
  }

  fail(failure: unknown): void {
    this.#queue.fail(failure);
  }

  events(): AsyncGenerator<TokenEvent, void, undefined> {
    return this.#queue.events();
  }
}
