// What steps took of late, by how many answers each computed a token for: steps of other sizes cannot be compared.

/** What was measured for one size so many steps ago says nothing of now. */
const STALE = 64;

interface Recent {
  times: number[];
  /** The number of the step that was added last. */
  last: number;
}

export class StepTimes {
  readonly #block: number;
  #step = 0;
  readonly #recent = new Map<number, Recent>();
  readonly #best = new Map<string, number>();

  /** @param block so many steps of a size are looked at */
  constructor(block: number) {
    this.#block = block;
  }

  /** A step by the threads in use, for so many answers, took `ms`. The first one of a size reads memory that is cold. */
  add(threads: number, answers: number, ms: number): void {
    this.#step++;
    const known = this.#recent.get(answers);
    if (known && this.#step - known.last <= STALE) {
      known.times = [...known.times, ms].slice(-this.#block);
      known.last = this.#step;
      this.noteBest(threads, answers, ms);
    } else this.#recent.set(answers, {times: [], last: this.#step});
  }

  /** The last times of this size, in milliseconds: a block of them, or undefined where fewer are known. */
  recent(answers: number): readonly number[] | undefined {
    const times = this.#recent.get(answers)?.times;
    return times?.length === this.#block ? times : undefined;
  }

  /** Other threads compute from now on. */
  startAnew(): void {
    this.#recent.clear();
  }

  /** The shortest step of so many threads and answers, in milliseconds. */
  best(threads: number, answers: number): number {
    return this.#best.get(`${threads} ${answers}`) ?? Number.POSITIVE_INFINITY;
  }

  noteBest(threads: number, answers: number, ms: number): void {
    this.setBest(threads, answers, Math.min(this.best(threads, answers), ms));
  }

  setBest(threads: number, answers: number, ms: number): void {
    this.#best.set(`${threads} ${answers}`, ms);
  }
}

export function sum(times: readonly number[]): number {
  return times.reduce((total, ms) => total + ms, 0);
}

/** The sum, with the second slowest in place of the slowest. */
export function withoutSlowest(times: readonly number[]): number {
  const [slowest = 0, second = slowest] = [...times].sort((a, b) => b - a);
  return sum(times) - slowest + second;
}
