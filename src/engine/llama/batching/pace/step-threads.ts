// How many threads compute the next token. Threads of a step wait for each other at each product of matrices, so one that
// shares its core with another process holds up all: then fewer are faster. Nobody tells when that is so; the times of the
// steps do. A pure function of them: it looks at no clock and at no machine.
import {StepTimes, sum, withoutSlowest} from './step-times.ts';

/** Steps in a row by one number of threads. Another process lets go of its core for a step or two: fewer say nothing. */
const BLOCK = 4;
/** A step that takes so many times the best one is much longer: something else runs here. */
const MUCH_LONGER = 1.5;
/** After a try that failed, so many times what it lost passes before the next one: tries take no more than a fortieth. */
const REST = 40;
/** What a block can count for at most: one in which others held the processor is no proof. */
const MOST_GAIN = 0.5;
/** A try is kept when its blocks have gained so much: two blocks twice as fast, or three that take two thirds. */
const PROVED = 1;

type Direction = 'fewer' | 'more';

interface Try {
  readonly direction: Direction;
  readonly threads: number;
  /** Steps of the kept threads since the last block, or undefined while the tried ones compute. */
  keptSteps: number | undefined;
  /** Of the running block. */
  readonly block: TriedStep[];
  /** The sum of what its blocks gained, as parts of the slower side. */
  gained: number;
  /** In milliseconds. */
  lost: number;
}

interface TriedStep {
  readonly answers: number;
  readonly ms: number;
  /** What the kept threads took for as many answers, in milliseconds: the mean, and the slowest. */
  readonly usual: number;
  readonly slowest: number;
}

/** Of the next try in a direction. */
interface Plan {
  /** How many threads it differs by. */
  readonly reach: number;
  /** There is none before, unless steps take much longer than those that the last one was measured by. */
  readonly notBefore: number;
  readonly answers: number;
  readonly usual: number;
}

const AT_ONCE: Plan = {reach: 1, notBefore: 0, answers: 0, usual: 0};

/**
 * Starts with all threads and tries fewer: at the beginning until it has come to one, and whenever steps took much longer than
 * the best. With fewer than all it tries more from time to time.
 *
 * A try is a contest of blocks in turns, a few steps by the tried threads and as many by the kept ones, so that what others do
 * on the machine meets both. Each block adds what it gained or lost as a part, within limits, to a sum. At 0 the try has failed,
 * at `PROVED` its threads are kept. One that failed is soon tried again, so a block that others spoiled costs little. The next one
 * goes further, as a single thread may change nothing.
 *
 * Steps are compared with those of as many answers only. They may take turns with others: what is known of each size stays.
 */
export class StepThreads {
  readonly most: number;
  #threads: number;
  #elapsed = 0;
  /** Those that computed the step before. */
  #before: number;
  #try: Try | undefined;
  /** Steps in a row at which the last ones took much longer than the best. */
  #longSteps = 0;
  /** Fewer threads were tried, down to one. */
  #isExplored = false;
  readonly #times = new StepTimes(BLOCK);
  readonly #plans: Record<Direction, Plan> = {
    fewer: AT_ONCE,
    more: AT_ONCE,
  };

  /** @param most what the machine or the user allows, at least 1 */
  constructor(most: number) {
    this.most = most;
    this.#threads = most;
    this.#before = most;
  }

  /** What was fastest so far: for all steps but those of a try. */
  get kept(): number {
    return this.#threads;
  }

  /** For the next step that draws tokens. */
  get next(): number {
    return this.#try && this.#try.keptSteps === undefined ? this.#try.threads : this.#threads;
  }

  /** A step with `next` threads, which computed one token for each of `answers`, took `ms`. */
  measured(answers: number, ms: number): void {
    if (this.most === 1) return;
    this.#elapsed += ms;
    const threads = this.next;
    if (threads !== this.#before) {
      this.#before = threads;
      this.#turned(answers, ms);
    } else if (this.#try && this.#try.keptSteps === undefined) this.#measuredTry(this.#try, answers, ms);
    else this.#measuredKept(answers, ms);
  }

  /**
   * The first step of a block. A core that was left alone is somebody else's by now, and has to be won back: that says nothing of
   * the steps behind it, but is a cost of trying.
   */
  #turned(answers: number, ms: number): void {
    const recent = this.#times.recent(answers);
    if (!recent) return;
    const usual = sum(recent) / BLOCK;
    const lost = Math.max(0, Math.min(ms, BLOCK * usual) - usual);
    if (this.#try) this.#try.lost += lost;
    else for (const direction of ['fewer', 'more'] as const) this.#putOff(direction, REST * lost);
  }

  #putOff(direction: Direction, ms: number): void {
    const plan = this.#plans[direction];
    this.#plans[direction] = {...plan, notBefore: Math.max(this.#elapsed, plan.notBefore) + ms};
  }

  #measuredKept(answers: number, ms: number): void {
    this.#times.add(this.#threads, answers, ms);
    const recent = this.#times.recent(answers);
    if (!recent) return;
    if (this.#try) {
      this.#try.keptSteps = (this.#try.keptSteps ?? 0) + 1;
      if (this.#try.keptSteps >= BLOCK) this.#try.keptSteps = undefined;
      return;
    }
    const usual = withoutSlowest(recent) / BLOCK;
    this.#longSteps = usual > MUCH_LONGER * this.#times.best(this.#threads, answers) ? this.#longSteps + 1 : 0;
    // When it is first seen, some of the steps are still as ever: a try is measured by those that come.
    const isLong = this.#longSteps > BLOCK;
    if ((isLong || !this.#isExplored) && this.#may('fewer', answers, usual)) this.#begin('fewer');
    else if (this.#may('more', answers, usual)) this.#begin('more');
  }

  #may(direction: Direction, answers: number, usual: number): boolean {
    const isRoom = direction === 'fewer' ? this.#threads > 1 : this.#threads < this.most;
    const plan = this.#plans[direction];
    const isOther = plan.answers === answers && usual > MUCH_LONGER * plan.usual;
    return isRoom && (this.#elapsed >= plan.notBefore || isOther);
  }

  #begin(direction: Direction): void {
    const {reach} = this.#plans[direction];
    const wanted = this.#threads + (direction === 'fewer' ? -reach : reach);
    const threads = Math.max(1, Math.min(wanted, this.most));
    this.#longSteps = 0;
    this.#try = {direction, threads, keptSteps: undefined, block: [], gained: 0, lost: 0};
  }

  #measuredTry(tried: Try, answers: number, ms: number): void {
    this.#times.noteBest(tried.threads, answers, ms);
    const recent = this.#times.recent(answers);
    if (!recent) {
      // The kept threads are to say first what steps of this size take.
      tried.keptSteps = 0;
      return;
    }
    tried.block.push({answers, ms, usual: sum(recent) / BLOCK, slowest: Math.max(...recent)});
    const isSlowerByAll = tried.block.length > 1 && tried.block.every((step) => step.ms > step.slowest);
    if (tried.block.length === BLOCK || isSlowerByAll) this.#judge(tried);
  }

  #judge(tried: Try): void {
    const block = tried.block.splice(0);
    const took = sum(block.map(({ms}) => ms));
    const usual = sum(block.map((step) => step.usual));
    const gained = (usual - took) / (Math.max(usual, took) || 1);
    tried.gained += Math.max(-MOST_GAIN, Math.min(gained, MOST_GAIN));
    // Without the slowest step: others may have held it up, and would have held up one of the kept threads.
    tried.lost += Math.max(0, withoutSlowest(block.map(({ms}) => ms)) - usual);
    tried.keptSteps = 0;
    if (tried.gained >= PROVED) this.#keep(tried, block);
    else if (tried.gained <= 0) this.#refuse(tried, block);
  }

  #keep({direction, threads}: Try, block: readonly TriedStep[]): void {
    this.#try = undefined;
    this.#threads = threads;
    this.#times.startAnew();
    for (const {answers, ms} of block) this.#times.add(threads, answers, ms);
    this.#plans.fewer = AT_ONCE;
    // What was just left is not tried again at once.
    const {answers, usual} = block[0] as TriedStep;
    this.#plans.more =
      direction === 'fewer' ? {reach: 1, notBefore: this.#elapsed + REST * usual, answers, usual} : AT_ONCE;
  }

  #refuse({direction, threads, lost}: Try, block: readonly TriedStep[]): void {
    this.#try = undefined;
    const limit = direction === 'fewer' ? 1 : this.most;
    if (threads === 1) this.#isExplored = true;
    const last = this.#plans[direction];
    const reach = threads === limit ? 1 : 2 * last.reach;
    const {answers, usual} = block[0] as TriedStep;
    // One that came before its time takes from what follows.
    const isEarly = this.#elapsed < last.notBefore && last.answers === answers;
    this.#plans[direction] = {
      reach,
      notBefore: Math.max(this.#elapsed, last.notBefore) + REST * Math.max(lost, usual),
      answers,
      usual: isEarly ? Math.max(usual, last.usual) : usual,
    };
    // Nothing is faster: a step takes so long now, such as with a longer text.
    if (direction === 'fewer') this.#times.setBest(this.#threads, answers, usual);
  }
}
