// A formula that stands alone on lines of its own, between `\[` and `\]` or two `$$`.
import {type LineStart, quotesAt} from './containers.ts';
import {renderMaths} from './maths/render-maths.ts';
import {paint, type Row, render, type Theme} from './style.ts';
import {RowWrapper, type Widths} from './wrap.ts';

/** More lines or characters without an end are no formula. */
const MOST_LINES = 20;
const MOST_CHARACTERS = 2000;
const OPENER = /^[ \t]*(\\\[|\$\$)[ \t]*(\\begin\{[a-z]+\*?\}.*)?$/;
/** What may become an opener when more is written. */
const BEGUN = /^[ \t]*(?:\\|\$|(?:\\\[|\$\$)[ \t]*(?:\\(?:b(?:e(?:g(?:i(?:n(?:\{.*)?)?)?)?)?)?)?)?$/;
const LONGEST_OPENER = 400;

/** True while a line may open a formula. */
export function mayOpenMaths(rest: string): boolean {
  return rest.length <= LONGEST_OPENER && BEGUN.test(rest) && rest.trim() !== '';
}

/** The formula that a line opens: it has the delimiter alone, or with an environment that begins behind it. */
export function openMaths(rest: string, start: LineStart): DisplayMaths | undefined {
  const match = rest.length <= LONGEST_OPENER ? OPENER.exec(rest) : null;
  if (match === null) return undefined;
  const closer = match[1] === '$$' ? '$$' : '\\]';
  const first = match[2] ?? '';
  return first.includes(closer) ? undefined : new DisplayMaths(start, rest, closer, first);
}

export class DisplayMaths {
  readonly start: LineStart;
  readonly #opener: string;
  readonly #closer: string;
  /** Lines behind the opener, as they were written. */
  readonly lines: string[] = [];
  readonly #body: string[];
  #characters = 0;

  constructor(start: LineStart, opener: string, closer: string, first: string) {
    this.start = start;
    this.#opener = opener;
    this.#closer = closer;
    this.#body = [first];
  }

  /** True where a line that has this much is no part of a formula any more. */
  isTooLong(line: string): boolean {
    return this.lines.length >= MOST_LINES || this.#characters + line.length > MOST_CHARACTERS;
  }

  /** Takes a line; 'not' = it is no formula after all, and neither is what came before. */
  take(line: string): 'open' | 'closed' | 'not' {
    const {quotes} = this.start.after;
    const {count, end} = quotesAt(line.slice(0, 64), 0, quotes);
    this.lines.push(line);
    this.#characters += line.length;
    if (count < quotes) return 'not';
    const text = line.slice(end).trim();
    if (text.endsWith(this.#closer)) {
      this.#body.push(text.slice(0, -this.#closer.length));
      return 'closed';
    }
    this.#body.push(text);
    return this.lines.length > MOST_LINES || this.#characters > MOST_CHARACTERS ? 'not' : 'open';
  }

  /** The formula set in by 2 cells, or every line as it was written where some part cannot be shown. */
  rows(widths: Widths, theme: Theme): Row[] {
    const shown = theme.unicode ? renderMaths(this.#body.join('\n'), true) : undefined;
    if (shown === undefined) return this.sourceRows();
    const {prefix, hanging} = this.start;
    const space = {text: '  ', style: ''};
    return shown.split('\n').flatMap((row, index) => {
      const wrapper = new RowWrapper(widths, [...(index === 0 ? prefix : hanging), space], [...hanging, space]);
      return [...wrapper.push({text: row, style: ''}), ...wrapper.end()].map(render);
    });
  }

  /** The lines as they were written; marks of quotes are bars. */
  sourceRows(): Row[] {
    const {bars, after} = this.start;
    const bare = (line: string) => line.slice(quotesAt(line.slice(0, 64), 0, after.quotes).end);
    return [this.openerRow(), ...this.lines.map((line) => render([...bars, {text: bare(line), style: ''}]))];
  }

  /** The line that opened it, as it was written. */
  openerRow(): Row {
    return render([...this.start.prefix, {text: this.#opener, style: this.start.style}]);
  }

  /** Lines that are held, as live rows of at most `limit`. */
  tail(limit: number): Row[] {
    return [this.openerRow(), ...this.lines.slice(-limit).map((line) => paint(line, ''))];
  }
}
