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

/** A run of text in one style. `link` makes it a hyperlink (OSC 8). */
export interface Piece {
  readonly text: string;
  readonly style: Style;
  readonly link?: string;
}

export interface Theme {
  readonly heading: Style;
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
  readonly rule: string;
  readonly ellipsis: string;
  readonly dot: string;
  /** Write links as OSC 8; otherwise the address follows the text. */
  readonly hyperlinks: boolean;
}

const TOKENS: Readonly<Record<string, Style>> = {
  keyword: '35',
  built_in: '36',
  type: '36',
  title: '34',
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
export function createTheme(can: {color: boolean; unicode: boolean; hyperlinks: boolean}): Theme {
  const hue = (style: Style, otherwise: Style = '') => (can.color ? style : otherwise);
  return {
    heading: hue('1;36', '1'),
    strong: '1',
    emphasis: '3',
    strike: '9',
    code: hue('36'),
    link: hue('4;34', '4'),
    quote: '3',
    dim: '2',
    accent: hue('36', '1'),
    warning: hue('33', '1'),
    error: hue('31', '1'),
    token: (scope) => (can.color ? (TOKENS[scope.split('.')[0] ?? ''] ?? '') : ''),
    bullet: can.unicode ? '•' : '-',
    bar: can.unicode ? '│' : '|',
    rule: can.unicode ? '─' : '-',
    ellipsis: can.unicode ? '…' : '...',
    dot: can.unicode ? '·' : '-',
    hyperlinks: can.hyperlinks,
  };
}

/** No style at all: for a terminal that only ever gets text. */
export function bareTheme(unicode: boolean): Theme {
  const theme = createTheme({color: false, unicode, hyperlinks: false});
  const styles = [
    'heading',
    'strong',
    'emphasis',
    'strike',
    'code',
    'link',
    'quote',
    'dim',
    'accent',
    'warning',
    'error',
  ];
  return {...theme, ...Object.fromEntries(styles.map((name) => [name, '']))};
}

/** Both styles together. */
export function combine(outer: Style, inner: Style): Style {
  if (outer === '' || inner === '') return outer + inner;
  return `${outer};${inner}`;
}

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

/** A row that a click opens (OSC 8, whose addresses are printable ASCII: all else is percent-encoded). */
export function hyperlink(row: Row, address: string): Row {
  const encoded = address.replace(/[^!-~]/gu, (char) =>
    encodeURIComponent(/\p{Surrogate}/u.test(char) ? '\ufffd' : char),
  );
  return `\x1b]8;;${encoded}\x1b\\${row}\x1b]8;;\x1b\\` as Row;
}

/** Pieces as one string for a terminal; neighbours of one look share their escapes. */
export function render(pieces: readonly Piece[]): Row {
  const parts: Row[] = [];
  for (let index = 0; index < pieces.length; ) {
    const {style, link} = pieces[index] as Piece;
    let text = '';
    for (; index < pieces.length; index += 1) {
      const piece = pieces[index] as Piece;
      if (piece.style !== style || piece.link !== link) break;
      text += piece.text;
    }
    const painted = paint(text, style);
    parts.push(link === undefined ? painted : hyperlink(painted, link));
  }
  return joinRows(parts);
}
