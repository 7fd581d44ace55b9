// What is told of something that fails for a while: at once, then at growing intervals, and when it is over.

/** Milliseconds until it is told again; doubled each time, to the longest. */
const FIRST_MS = 60_000;
const LONGEST_MS = 3_600_000;

export interface AbsenceOptions {
  /** How it is told: `words.is` of what is wrong, such as `URL is away`, and `words.isOver`, such as `URL is back`. */
  readonly words: {readonly is: string; readonly isStill: string; readonly isOver: string};
  readonly log: (line: string) => void;
  /** Monotonic, in milliseconds; default: the process's own. */
  readonly now?: () => number;
}

export class Absence {
  readonly #options: AbsenceOptions;
  readonly #now: () => number;
  /** When it began; undefined while nothing is wrong. */
  #since: number | undefined;
  #isTold = false;
  /** Before it nothing more is told. What comes and goes all the time is told no more often for that. */
  #quietUntil = Number.NEGATIVE_INFINITY;
  #interval = FIRST_MS;

  constructor(options: AbsenceOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** It failed, once more, for this reason. */
  missed(why: string): void {
    const now = this.#now();
    const isNew = this.#since === undefined;
    this.#since ??= now;
    // Long enough without a fault: the next one is news.
    if (isNew && now >= this.#quietUntil + this.#interval) this.#interval = FIRST_MS;
    if (now < this.#quietUntil) return;
    const {words, log} = this.#options;
    const lasting = now - this.#since;
    const state = lasting < FIRST_MS ? words.is : `${words.isStill} after ${duration(lasting)}`;
    log(`${state} (${why}); trying again`);
    this.#isTold = true;
    this.#quietUntil = now + this.#interval;
    this.#interval = Math.min(LONGEST_MS, this.#interval * 2);
  }

  /** It works. */
  over(): void {
    if (this.#since === undefined) return;
    const lasted = this.#now() - this.#since;
    this.#since = undefined;
    if (!this.#isTold) return;
    this.#isTold = false;
    const {words, log} = this.#options;
    log(lasted < FIRST_MS ? words.isOver : `${words.isOver} after ${duration(lasted)}`);
  }
}

function duration(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}
