// Text styles as SGR parameters, and the one place that makes rows for a terminal: it cleans what goes into them.

import {expandTabs} from '../../base/cells/graphemes.ts';
import {oneLine} from '../../base/terminal-text.ts';

/**
 * A row of text for the terminal, with escape sequences of this program alone. `paint`, `render` and `joinRows` make
 * them; whatever draws takes nothing else, so text that nobody cleaned does not compile.
 */
export type Row = string & {readonly row: unique symbol};

/** SGR parameters such as `1;36`; empty = as the terminal has it. */
export type Style = string;

/** A hyperlink (OSC 8). Its parts on several rows have the same number. */
export interface Link {
  readonly target: string;
  readonly id: number;
}

/** A run of text in one style. A line end in it ends the row. */
export interface Piece {
  readonly text: string;
  readonly style: Style;
  readonly link?: Link | undefined;
}

export interface Theme {
  /** Styles of headings of level 1, 2, and 3 and below. */
  readonly headings: readonly [Style, Style, Style];
  readonly strong: Style;
  readonly emphasis: Style;
  readonly strike: Style;
  readonly code: Style;
  readonly link: Style;
  readonly quote: Style;
  readonly dim: Style;
  readonly accent: Style;
  readonly warning: Style;
  readonly error: Style;
  /** Styles of a code token by its highlight.js scope. */
  readonly token: (scope: string) => Style;
  readonly bullet: string;
  readonly bar: string;
  /** In front of each row of a question. */
  readonly questionBar: string;
  readonly rule: string;
  readonly ellipsis: string;
  readonly dot: string;
  /** More above, and below. */
  readonly up: string;
  readonly down: string;
  /** Labels hide their targets (OSC 8); otherwise the address follows the text. */
  readonly hyperlinks: boolean;
  /** Addresses are links to themselves (OSC 8). */
  readonly addresses: boolean;
  /** Without colour: code keeps its backticks, headings their signs, and labels never hide their targets. */
  readonly keepsMarks: boolean;
  /** Formulas are shown as Unicode. */
  readonly unicode: boolean;
}

/** What a terminal can show. `addresses` absent: as `hyperlinks`. */
export interface Abilities {
  readonly color: boolean;
  readonly unicode: boolean;
  readonly hyperlinks: boolean;
  readonly addresses?: boolean;
}

/** No blue (34), black or white: each is hard to read on some background, and which one a terminal has is not always known. */
const TOKENS: Readonly<Record<string, Style>> = {
  keyword: '35',
  built_in: '36',
  type: '36',
  title: '1',
  string: '32',
  regexp: '32',
  number: '33',
  literal: '33',
  comment: '2',
  attr: '36',
  meta: '2',
  addition: '32',
  deletion: '31',
};

/** The look of the screen. Without colour, weight and slant still carry meaning; colour never carries it alone. */
export function createTheme(can: Abilities): Theme {
  const hue = (style: Style, otherwise: Style = '') => (can.color ? style : otherwise);
  return {
    headings: ['1;4', '1', '1;2'],
    strong: '1',
    emphasis: '3',
    strike: '9',
    code: hue('36'),
    link: '4',
    quote: '3',
    dim: '2',
    accent: hue('36', '1'),
    warning: hue('33', '1'),
    error: hue('31', '1'),
    token: (scope) => (can.color ? (TOKENS[scope.split('.')[0] ?? ''] ?? '') : ''),
    bullet: can.unicode ? '•' : '-',
    bar: can.unicode ? '│' : '|',
    questionBar: can.unicode ? '▌' : '>',
    rule: can.unicode ? '─' : '-',
    ellipsis: can.unicode ? '…' : '...',
    dot: can.unicode ? '·' : '-',
    up: can.unicode ? '▲' : '^',
    down: can.unicode ? '▼' : 'v',
    hyperlinks: can.hyperlinks,
    addresses: can.addresses ?? can.hyperlinks,
    keepsMarks: !can.color,
    unicode: can.unicode,
  };
}

/** No style at all: for a terminal that only ever gets text. */
export function bareTheme(unicode: boolean): Theme {
  const theme = createTheme({color: false, unicode, hyperlinks: false});
  const styles = ['strong', 'emphasis', 'strike', 'code', 'link', 'quote', 'dim', 'accent', 'warning', 'error'];
  return {...theme, headings: ['', '', ''], ...Object.fromEntries(styles.map((name) => [name, '']))};
}

/** Both styles together. */
export function combine(outer: Style, inner: Style): Style {
  if (outer === '' || inner === '') return outer + inner;
  return `${outer};${inner}`;
}

/** Cells at the right of the terminal that rows of an answer leave free. */
export const ROW_MARGIN = 2;

/** A row without text. */
export const BLANK = '' as Row;

/** A text as it will stand in a row, without control characters, line ends and tabs: for measuring and cutting it first. */
export function rowText(text: string): string {
  return expandTabs(oneLine(text));
}

/** The lines of a text, each as it will stand in a row. */
export function rowTexts(text: string): string[] {
  return text.split(/\r?\n|[\u2028\u2029]/).map(rowText);
}

/** A text in a style as a row, cleaned and on one line; no escape at all when the style is empty. Tabs stay. */
export function paint(text: string, style: Style): Row {
  const clean = oneLine(text);
  return (style === '' || clean === '' ? clean : `\x1b[${style}m${clean}\x1b[0m`) as Row;
}

/** Rows beside each other as one row. */
export function joinRows(rows: readonly Row[], between: Row = BLANK): Row {
  return rows.join(between) as Row;
}

/** A row that a click opens; the address is percent-encoded down to printable ASCII, as OSC 8 wants it. */
export function hyperlink(row: Row, {target, id}: Link): Row {
  return `\x1b]8;id=${id};${percentEncoded(target)}\x1b\\${row}\x1b]8;;\x1b\\` as Row;
}

/** An address in printable ASCII, all else of it percent-encoded. */
export function percentEncoded(address: string): string {
  return address.replace(/[^!-~]/gu, (character) =>
    encodeURIComponent(/\p{Surrogate}/u.test(character) ? '\ufffd' : character),
  );
}

/** Pieces as one string for a terminal; neighbours of one look share their escapes. */
export function render(pieces: readonly Piece[]): Row {
  return joinRows(
    runs(pieces, (one, other) => one.link === other.link).map((linked) => {
      const painted = runs(linked, (one, other) => one.style === other.style).map((run) =>
        paint(run.map(({text}) => text).join(''), run[0]?.style ?? ''),
      );
      const link = linked[0]?.link;
      return link === undefined ? joinRows(painted) : hyperlink(joinRows(painted), link);
    }),
  );
}

/** Neighbours that are alike, together. */
function runs(pieces: readonly Piece[], alike: (one: Piece, other: Piece) => boolean): Piece[][] {
  const found: Piece[][] = [];
  for (const piece of pieces) {
    const run = found.at(-1);
    if (run?.[0] !== undefined && alike(run[0], piece)) run.push(piece);
    else found.push([piece]);
  }
  return found;
}
