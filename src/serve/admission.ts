// Who may generate now: a fixed number of slots, and a queue of bounded length in front of them, first come first served.
import {HttpError} from './http-error.ts';

export interface HeldSlot {
  /** 0 to slots - 1. */
  readonly id: number;
  /** Hands the slot to the next in the queue. Further calls do nothing. */
  release(): void;
}

export interface AdmissionOptions {
  readonly slots: number;
  readonly maxQueue: number;
  /** How long a request may wait before it is refused. */
  readonly queueTimeoutMs: number;
}

interface WaitingRequest {
  readonly take: (id: number) => void;
}

export class Admission {
  readonly options: AdmissionOptions;
  readonly #free: number[];
  readonly #queue: WaitingRequest[] = [];

  constructor(options: AdmissionOptions) {
    this.options = options;
    this.#free = Array.from({length: options.slots}, (_, id) => id);
  }

  get active(): number {
    return this.options.slots - this.#free.length;
  }

  get waiting(): number {
    return this.#queue.length;
  }

  isFree(id: number): boolean {
    return this.#free.includes(id);
  }

  /**
   * Waits for a slot; `wanted` is preferred when it is free.
   * @throws HttpError 429 when the queue is full, 503 when the wait was too long; the signal's reason when it aborts.
   */
  async enter(signal: AbortSignal, wanted?: number): Promise<HeldSlot> {
    signal.throwIfAborted();
    const id = this.#free.length > 0 ? this.#takeFree(wanted) : await this.#wait(signal);
    let held = true;
    return {
      id,
      release: () => {
        if (held) this.#hand(id);
        held = false;
      },
    };
  }

  #takeFree(wanted: number | undefined): number {
    const index = wanted === undefined ? 0 : Math.max(0, this.#free.indexOf(wanted));
    const [id = 0] = this.#free.splice(index, 1);
    return id;
  }

  #wait(signal: AbortSignal): Promise<number> {
    if (this.#queue.length >= this.options.maxQueue) {
      throw new HttpError(429, `all ${this.options.slots} slots are busy and the queue is full; try again shortly`, {
        type: 'rate_limit_error',
        code: 'rate_limit_exceeded',
        retryAfter: 1,
      });
    }
    return new Promise((resolve, reject) => {
      const leave = (reason: unknown) => {
        this.#queue.splice(this.#queue.indexOf(waiting), 1);
        settle();
        reject(reason);
      };
      const settle = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
      };
      const onAbort = () => leave(signal.reason);
      const timer = setTimeout(
        () => leave(new HttpError(503, `no free slot within ${this.options.queueTimeoutMs / 1000} s`, {retryAfter: 5})),
        this.options.queueTimeoutMs,
      );
      const waiting: WaitingRequest = {
        take: (id) => {
          settle();
          resolve(id);
        },
      };
      signal.addEventListener('abort', onAbort);
      this.#queue.push(waiting);
    });
  }

  #hand(id: number): void {
    const next = this.#queue.shift();
    if (next) next.take(id);
    else this.#free.push(id);
  }
}
