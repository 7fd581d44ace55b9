// Memory that the main thread and the engine's thread share, so that neither has to wait for a message of the other: while
// the library computes, no message is read.

/** Words of 32 bits behind the room in which the library's own stop byte lies. */
const FIRST_WORD = 64;
const ASLEEP = FIRST_WORD;
const STEP = FIRST_WORD + 1;
const LOADING_ENDED = FIRST_WORD + 2;
const BREAKABLE = FIRST_WORD + 3;
const SERVED = FIRST_WORD + 4;
const FIRST_SERVED = FIRST_WORD + 5;

/** What the threads tell each other of the engine as a whole. */
export class SharedFlags {
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;

  constructor(slotsOrMemory: number | SharedArrayBuffer) {
    this.memory =
      typeof slotsOrMemory === 'number' ? new SharedArrayBuffer(4 * (FIRST_SERVED + slotsOrMemory)) : slotsOrMemory;
    this.#words = new Int32Array(this.memory);
  }

  /** The engine's thread has nothing to do and waits for a message. */
  fallAsleep(): void {
    Atomics.store(this.#words, ASLEEP, 1);
  }

  /** True for the one that has to send the message. */
  takeSleep(): boolean {
    return Atomics.exchange(this.#words, ASLEEP, 0) === 1;
  }

  /** A step begins for these answers. `breakable`: the others lose little when it is broken off. */
  beginStep(ids: readonly number[], breakable: boolean): void {
    Atomics.store(this.#words, BREAKABLE, breakable ? 1 : 0);
    Atomics.store(this.#words, SERVED, ids.length);
    for (const [at, id] of ids.entries()) Atomics.store(this.#words, FIRST_SERVED + at, id);
    Atomics.add(this.#words, STEP, 1);
  }

  endStep(): void {
    Atomics.add(this.#words, STEP, 1);
  }

  /** Odd while a step runs, another number for each. */
  get step(): number {
    return Atomics.load(this.#words, STEP);
  }

  /** Whether the step that runs is one that ends with this answer's interest in it. */
  isBreakableFor(id: number): boolean {
    if (this.step % 2 === 0 || Atomics.load(this.#words, BREAKABLE) === 0) return false;
    const served = Atomics.load(this.#words, SERVED);
    return Array.from({length: served}, (_, at) => Atomics.load(this.#words, FIRST_SERVED + at)).includes(id);
  }

  /** Nobody waits for the model that is being loaded. */
  endLoading(): void {
    Atomics.store(this.#words, LOADING_ENDED, 1);
  }

  get isLoadingEnded(): boolean {
    return Atomics.load(this.#words, LOADING_ENDED) === 1;
  }
}

const READ = 0;
const CANCELLED = 1;

/** What the threads tell each other of one answer. */
export class AnswerFlags {
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;

  constructor(memory = new SharedArrayBuffer(8)) {
    this.memory = memory;
    this.#words = new Int32Array(memory);
  }

  /** The reader has taken one event more. */
  countRead(): void {
    Atomics.add(this.#words, READ, 1);
  }

  get read(): number {
    return Atomics.load(this.#words, READ);
  }

  cancel(): void {
    Atomics.store(this.#words, CANCELLED, 1);
  }

  get isCancelled(): boolean {
    return Atomics.load(this.#words, CANCELLED) === 1;
  }
}
