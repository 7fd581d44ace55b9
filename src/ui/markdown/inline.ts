// Inline markdown of one line, decided from left to right with a bounded look ahead, so that it can stream.
import {graphemes} from '../../base/cells/graphemes.ts';
import {combine, type Piece, type Style, type Theme} from './style.ts';

/** A mark without its partner within this many characters is literal text. Bounds what a stream has to hold back. */
export const WINDOW = 400;

const SPECIAL = /[\\`*_~[]/g;
const WORD = /[\p{L}\p{N}]/u;

export interface Parsed {
  readonly pieces: readonly Piece[];
  /** Index up to which the source is decided, whatever text follows. */
  readonly end: number;
}

/**
 * Parses `source` from `from` on. While the line is not `complete` it stops where later text could change the meaning.
 * Marks are `code`, *emphasis*, **strong**, ~~strike~~, [links](url) and backslash escapes, as in CommonMark.
 */
export function parseInline(source: string, from: number, complete: boolean, theme: Theme, style: Style = ''): Parsed {
  const pieces: Piece[] = [];
  let index = from;
  while (index < source.length) {
    const window = source.slice(index, index + WINDOW);
    const found = mark(window, source[index - 1], complete || window.length === WINDOW, theme, style);
    if (found === 'wait') break;
    if (found === undefined) {
      const taken = plainRun(source, index, complete);
      if (taken === 0) break;
      pieces.push({text: source.slice(index, index + taken), style});
      index += taken;
    } else {
      pieces.push(...found.pieces);
      index += found.end;
    }
  }
  return {pieces, end: index};
}

type Mark = Parsed | 'wait' | undefined;

/** The construct that starts the window; undefined when plain text starts there. `closed`: no more text can come. */
function mark(window: string, before: string | undefined, closed: boolean, theme: Theme, style: Style): Mark {
  switch (window[0]) {
    case '\\':
      return escaped(window, closed, style);
    case '`':
      return codeSpan(window, closed, theme, style);
    case '[':
      return link(window, closed, theme, style);
    case '*':
    case '_':
    case '~':
      return emphasis(window, before, closed, theme, style);
    default:
      return undefined;
  }
}

/** Length of the plain text at `index`; its last cluster waits while a combining mark could follow. */
function plainRun(source: string, index: number, complete: boolean): number {
  SPECIAL.lastIndex = index + 1;
  const next = SPECIAL.exec(source)?.index;
  if (next !== undefined) return next - index;
  const rest = source.slice(index);
  return complete ? rest.length : rest.length - (graphemes(rest.slice(-64)).at(-1)?.length ?? 0);
}

function escaped(window: string, closed: boolean, style: Style): Mark {
  const next = window[1];
  if (next === undefined) return closed ? literal('\\', style) : 'wait';
  return /[!-/:-@[-`{-~]/.test(next) ? {pieces: [{text: next, style}], end: 2} : literal('\\', style);
}

function literal(text: string, style: Style): Parsed {
  return {pieces: [{text, style}], end: text.length};
}

function runLength(text: string, index: number): number {
  let end = index;
  while (text[end] === text[index]) end += 1;
  return end - index;
}

/** Index of the backtick run that closes the one at `start`; undefined = none, 'wait' = not known yet. */
function codeEnd(window: string, start: number, closed: boolean): number | 'wait' | undefined {
  const length = runLength(window, start);
  for (let index = start + length; index < window.length; index += 1) {
    if (window[index] !== '`') continue;
    const closing = runLength(window, index);
    if (index + closing === window.length && !closed) return 'wait';
    if (closing === length) return index;
    index += closing - 1;
  }
  return closed ? undefined : 'wait';
}

function codeSpan(window: string, closed: boolean, theme: Theme, style: Style): Mark {
  const length = runLength(window, 0);
  if (length === window.length && !closed) return 'wait';
  const end = codeEnd(window, 0, closed);
  if (end === 'wait') return 'wait';
  if (end === undefined) return literal(window.slice(0, length), style);
  const inner = window.slice(length, end);
  const text = /^ .*\S.* $/.test(inner) ? inner.slice(1, -1) : inner;
  return {pieces: [{text, style: combine(style, theme.code)}], end: end + length};
}

const LINK = /^\[([^[\]]{0,200})\]\(<?([^()\s<>]{1,300}(?:\([^()\s]{0,60}\)[^()\s<>]{0,60})?)>?(?: "[^"]{0,100}")?\)/;

function link(window: string, closed: boolean, theme: Theme, style: Style): Mark {
  const match = LINK.exec(window);
  if (match === null) return closed ? literal('[', style) : 'wait';
  const [whole, label = '', url = ''] = match;
  const shown = label === '' ? url : label;
  const look = combine(style, theme.link);
  if (theme.hyperlinks) return {pieces: [{text: shown, style: look, link: url}], end: whole.length};
  const address = shown === url ? [] : [{text: ` (${url})`, style: combine(style, theme.dim)}];
  return {pieces: [{text: shown, style: look}, ...address], end: whole.length};
}

function emphasis(window: string, before: string | undefined, closed: boolean, theme: Theme, style: Style): Mark {
  const sign = window[0] as string;
  const length = runLength(window, 0);
  const after = window[length];
  if (after === undefined) return closed ? literal(window, style) : 'wait';
  const opens = !/\s/.test(after) && !(sign === '_' && before !== undefined && WORD.test(before));
  const sized = sign === '~' ? length === 2 : length <= 3;
  if (!opens || !sized) return literal(window.slice(0, length), style);
  const end = emphasisEnd(window, length, closed);
  if (end === 'wait') return 'wait';
  if (end === undefined) return literal(window.slice(0, length), style);
  const look =
    sign === '~' ? theme.strike : ['', theme.emphasis, theme.strong, combine(theme.strong, theme.emphasis)][length];
  const inner = parseInline(window.slice(length, end), 0, true, theme, combine(style, look ?? ''));
  return {pieces: inner.pieces, end: end + length};
}

/** Index of the run that closes the emphasis at the window's start. */
function emphasisEnd(window: string, length: number, closed: boolean): number | 'wait' | undefined {
  const sign = window[0];
  for (let index = length; index < window.length; index += 1) {
    if (window[index] === '\\') index += 1;
    else if (window[index] === '`') {
      const end = codeEnd(window, index, closed);
      if (end === 'wait') return 'wait';
      index = (end ?? index) + runLength(window, index) - 1;
    } else if (window[index] === sign) {
      const run = runLength(window, index);
      const after = window[index + run];
      if (after === undefined && !closed) return 'wait';
      const inWord = sign === '_' && after !== undefined && WORD.test(after);
      if (run === length && !/\s/.test(window[index - 1] ?? ' ') && !inWord) return index;
      index += run - 1;
    }
  }
  return closed ? undefined : 'wait';
}
