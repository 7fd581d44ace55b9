// The progress of something long, on stderr: one line redrawn on a terminal, a plain line now and then elsewhere.

import {shorten} from '../../base/cells/graphemes.ts';
import {oneLine} from '../../base/terminal-text.ts';
import {formatBytes, formatDuration} from '../../base/units.ts';
import {type Io, type Output, STREAMS} from './io.ts';

export interface ProgressOptions {
  /** Milliseconds since some start. */
  readonly now?: () => number;
  /** Bytes that were there before this run: they do not count for the rate. */
  readonly before?: number;
  /** What is counted, when it is not bytes. */
  readonly unit?: string;
}

const BAR_WIDTH = 24;
const REDRAW_MS = 100;
const PLAIN_MS = 10_000;

/** Bytes done of bytes in all, with rate and time left. */
export class ByteProgress {
  readonly #label: string;
  readonly #out: Output;
  readonly #now: () => number;
  readonly #start: number;
  readonly #before: number;
  readonly #unit: string | undefined;
  #last: number;
  #drawn = false;

  constructor(
    label: string,
    io: Pick<Io, typeof STREAMS>,
    {now = () => performance.now(), before = 0, unit}: ProgressOptions = {},
  ) {
    this.#label = oneLine(label);
    this.#out = io[STREAMS].stderr;
    this.#now = now;
    this.#before = before;
    this.#unit = unit;
    this.#start = now();
    this.#last = this.#start;
  }

  update(done: number, total: number): void {
    const now = this.#now();
    const isTerminal = this.#out.isTTY === true;
    if (now - this.#last < (isTerminal ? REDRAW_MS : PLAIN_MS)) return;
    this.#last = now;
    const figures = this.#figures(done, total, now);
    this.#out.write(isTerminal ? `\r${this.#row(figures, done / total)}\x1b[K` : `${this.#label}: ${figures}\n`);
    this.#drawn = isTerminal;
  }

  /** Takes the line away; what was done is said by the caller. */
  end(): void {
    if (this.#drawn) this.#out.write('\r\x1b[K');
    this.#drawn = false;
  }

  #figures(done: number, total: number, now: number): string {
    const seconds = (now - this.#start) / 1000;
    const rate = (done - this.#before) / seconds;
    const left = rate > 0 ? `, ${formatDuration((total - done) / rate)} left` : '';
    const percent = Math.floor((100 * done) / total);
    if (this.#unit !== undefined) return `${done} of ${total} ${this.#unit}${left}`;
    return `${percent} % of ${formatBytes(total)}, ${formatBytes(rate)}/s${left}`;
  }

  /** One row that does not reach the last column: a row that wraps would not be redrawn but repeated. */
  #row(figures: string, share: number): string {
    const columns = this.#out.columns ?? 80;
    const width = columns >= 100 ? BAR_WIDTH : 0;
    const filled = Math.round(share * width);
    const bar = width === 0 ? '' : `${'\u2588'.repeat(filled)}${'\u2591'.repeat(width - filled)} `;
    const room = columns - 1 - bar.length - figures.length - 2;
    const label = room > 1 ? `${shorten(this.#label, room)}: ` : '';
    return shorten(`${bar}${label}${figures}`, columns - 1, '');
  }
}
