// How many threads compute the next token. Threads of a step wait for each other at each product of matrices, so one that
// shares its core with another process holds up all: then fewer are faster. Nobody tells when that is so; the times of the
// steps do. A pure function of them: it looks at no clock and at no machine.

/** Steps that are compared. */
const WINDOW = 4;
/** Steps of a try. Another process leaves its core alone for some: more threads have to be faster for longer. */
const TRIED = {fewer: WINDOW, more: 2 * WINDOW} as const;
/** A step that takes so many times the best one is much longer: something else runs here. */
const MUCH_LONGER = 1.5;
/** After a try that failed, so many times what it lost passes before the next one: tries take no more than a fortieth. */
const REST = 40;

type Direction = 'fewer' | 'more';

interface Try {
  readonly direction: Direction;
  readonly threads: number;
  /** The mean of a step with the threads that it is tried against, in milliseconds. */
  readonly usual: number;
  readonly times: number[];
}

/** Of the next try in a direction. */
interface Plan {
  /** How many threads it differs by. */
  readonly reach: number;
  /** There is none before, unless steps take much longer than those that the last one was measured by. */
  readonly notBefore: number;
  readonly usual: number;
}

const AT_ONCE: Plan = {reach: 1, notBefore: 0, usual: Number.POSITIVE_INFINITY};

/**
 * Starts with all threads and tries fewer: at the beginning until it has come to one, and whenever steps took much longer than
 * the best. With fewer than all it tries more from time to time. What was faster is kept. A try ends as soon as
 * it has lost the time of one step. When one failed, the next one goes further, as a single thread may change nothing.
 */
export class StepThreads {
  readonly most: number;
  #threads: number;
  #answers = 0;
  #elapsed = 0;
  #recent: number[] = [];
  #try: Try | undefined;
  /** The steps since it was seen that they take much longer. */
  #isLong = false;
  /** Fewer threads were tried, down to one. */
  #isExplored = false;
  readonly #best = new Map<string, number>();
  readonly #plans: Record<Direction, Plan> = {
    fewer: AT_ONCE,
    more: AT_ONCE,
  };

  /** @param most what the machine or the user allows, at least 1 */
  constructor(most: number) {
    this.most = most;
    this.#threads = most;
  }

  /** What was fastest so far: for all steps but those of a try. */
  get kept(): number {
    return this.#threads;
  }

  /** For the next step that draws tokens. */
  get next(): number {
    return this.#try?.threads ?? this.#threads;
  }

  /** A step with `next` threads, which computed one token for each of `answers`, took `ms`. */
  measured(answers: number, ms: number): void {
    if (this.most === 1) return;
    this.#elapsed += ms;
    if (answers !== this.#answers) {
      // Steps of other sizes cannot be compared, and the first one of a size reads memory that is cold.
      this.#answers = answers;
      this.#startAnew([]);
      this.#try = undefined;
      return;
    }
    if (this.#try) this.#goOn(this.#try, ms);
    else this.#look(ms);
  }

  #look(ms: number): void {
    this.#noteBest(this.#threads, ms);
    this.#recent = [...this.#recent, ms].slice(-WINDOW);
    if (this.#recent.length < WINDOW) return;
    const usual = sum(this.#recent) / WINDOW;
    const isLong = usual > MUCH_LONGER * (this.#best.get(this.#key(this.#threads)) ?? usual);
    const mayFewer = this.#may('fewer', usual);
    if (mayFewer && isLong && !this.#isLong) {
      // Some of these steps were as ever: a try is measured by those that come.
      this.#startAnew([]);
      this.#isLong = true;
    } else if (mayFewer && (isLong || !this.#isExplored)) this.#begin('fewer', usual);
    else if (this.#may('more', usual)) this.#begin('more', usual);
    else this.#isLong = false;
  }

  #startAnew(recent: number[]): void {
    this.#recent = recent;
    this.#isLong = false;
  }

  #may(direction: Direction, usual: number): boolean {
    const isRoom = direction === 'fewer' ? this.#threads > 1 : this.#threads < this.most;
    const plan = this.#plans[direction];
    return isRoom && (this.#elapsed >= plan.notBefore || usual > MUCH_LONGER * plan.usual);
  }

  #begin(direction: Direction, usual: number): void {
    const {reach} = this.#plans[direction];
    const wanted = this.#threads + (direction === 'fewer' ? -reach : reach);
    this.#try = {direction, threads: Math.max(1, Math.min(wanted, this.most)), usual, times: []};
  }

  #goOn(tried: Try, ms: number): void {
    tried.times.push(ms);
    this.#noteBest(tried.threads, ms);
    const lost = sum(tried.times) - tried.times.length * tried.usual;
    if (lost <= tried.usual && tried.times.length < TRIED[tried.direction]) return;
    this.#try = undefined;
    if (lost < 0) this.#keep(tried);
    else this.#refuse(tried, lost);
  }

  #keep({direction, threads, usual, times}: Try): void {
    this.#threads = threads;
    this.#startAnew(times.slice(-WINDOW));
    this.#plans.fewer = AT_ONCE;
    // What was just left is not tried again at once.
    this.#plans.more = direction === 'fewer' ? {reach: 1, notBefore: this.#elapsed + REST * usual, usual} : AT_ONCE;
  }

  #refuse({direction, threads, usual}: Try, lost: number): void {
    const limit = direction === 'fewer' ? 1 : this.most;
    if (threads === 1) this.#isExplored = true;
    const reach = threads === limit ? 1 : 2 * this.#plans[direction].reach;
    this.#plans[direction] = {reach, notBefore: this.#elapsed + REST * Math.max(lost, usual), usual};
    this.#startAnew([]);
    // Nothing is faster: a step takes so long now, such as with a longer text.
    if (direction === 'fewer') this.#best.set(this.#key(this.#threads), usual);
  }

  #noteBest(threads: number, ms: number): void {
    const key = this.#key(threads);
    this.#best.set(key, Math.min(this.#best.get(key) ?? ms, ms));
  }

  #key(threads: number): string {
    return `${this.#answers} ${threads}`;
  }
}

function sum(times: readonly number[]): number {
  return times.reduce((total, ms) => total + ms, 0);
}
