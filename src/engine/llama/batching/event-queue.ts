// A short queue of events between the engine and one reader.
import type {TokenEvent} from '../../contract/backend.ts';

/** How many events the engine works ahead of a slow reader before it leaves the answer out of the batch. */
export const WORK_AHEAD = 4;

export class EventQueue {
  readonly #queue: TokenEvent[] = [];
  readonly #onRead: (left: number) => void;
  #over = false;
  #failure: unknown;
  #reader: (() => void) | undefined;

  /** `onRead` is called when the reader has taken an event, with how many are left. */
  constructor(onRead: (left: number) => void) {
    this.#onRead = onRead;
  }

  get over(): boolean {
    return this.#over;
  }

  get length(): number {
    return this.#queue.length;
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
        this.#onRead(this.#queue.length);
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
