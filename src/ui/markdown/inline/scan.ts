// Reads a line from left to right into tokens, each with a bounded look ahead, so that it can stream.
import {graphemes} from '../../../base/cells/graphemes.ts';
import {mathsAt} from '../maths/find-maths.ts';
import {renderMaths} from '../maths/render-maths.ts';
import type {Theme} from '../style.ts';
import {escapeAt} from './backslash.ts';
import {codeSpanAt, runLength} from './code-span.ts';
import {entityAt} from './entities.ts';
import {autolinkAt, BARE_ADDRESS, bareAddressAt, imageAt, type LinkIds, linkAt} from './links.ts';
import {type Decision, type Found, type Token, textToken, WINDOW} from './token.ts';

/** What a text is read with. */
export interface Reader {
  readonly theme: Theme;
  readonly ids: LinkIds;
  /** Inside the label of a link there are no links; a backslash at the end of a line stands for a line break. */
  readonly within: 'line' | 'cell' | 'label';
}

const SPECIAL = new RegExp(
  String.raw`[\\${'`'}*_~[$]|!(?=\[|$)|<(?=[A-Za-z/!]|$)|&(?=[#A-Za-z]|$)|${BARE_ADDRESS.source}`,
  'giu',
);
/** The beginning of a bare address at the end of what is there. */
const BEGUN_ADDRESS = /(?<![\p{L}\p{N}])h(?:t(?:t(?:p(?:s?(?::\/?)?)?)?)?)?$/iu;
const LINE_BREAK = /^<br[ \t]*\/?>/i;
const BEGUN_BREAK = /^<(?:b(?:r[ \t]{0,8}\/?)?)?$/i;
const WORD = /[\p{L}\p{N}]/u;

/** All tokens of a text that is complete. */
export function tokensOf(text: string, reader: Reader): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < text.length; ) {
    const found = tokenAt(text, at, true, reader);
    if (found === 'wait') break;
    tokens.push(...found.tokens);
    at = found.end;
  }
  return tokens;
}

/** What stands at `at`; `closed`: no more text can come. It never waits then, and always takes some text. */
export function tokenAt(text: string, at: number, closed: boolean, reader: Reader): Found | 'wait' {
  const special = specialAt(text, at, closed, reader);
  if (special !== undefined) return special;
  const end = plainEnd(text, at, closed);
  return end === at ? 'wait' : {tokens: [textToken(text.slice(at, end))], end};
}

/** The construct that begins at `at`; undefined where plain text does. */
function specialAt(text: string, at: number, closed: boolean, reader: Reader): Decision {
  const {theme, ids} = reader;
  const inLabel = reader.within === 'label';
  const inner = (label: string) => tokensOf(label, {...reader, within: 'label'});
  switch (text[at]) {
    case '\\': {
      const maths = formulaAt(text, at, closed, theme);
      return maths === undefined ? escapeAt(text, at, closed, reader.within === 'line') : maths;
    }
    case '$':
      return formulaAt(text, at, closed, theme);
    case '`':
      return codeSpanAt(text, at, closed, theme.keepsMarks);
    case '[':
      return inLabel ? undefined : linkAt(text, at, closed, {theme, ids, tokensOf: inner});
    case '!':
      return imageAt(text, at, closed, {inLabel, tokensOf: inner});
    case '<':
      return tagAt(text, at, closed, reader);
    case '&': {
      const entity = entityAt(text, at, closed);
      return typeof entity === 'object' ? {tokens: [textToken(entity.text)], end: entity.end} : entity;
    }
    case '*':
    case '_':
    case '~':
      return markAt(text, at, closed);
    case 'h':
    case 'H':
      BARE_AT.lastIndex = at;
      return !inLabel && BARE_AT.test(text) ? bareAddressAt(text, at, closed, theme, ids) : undefined;
    default:
      return undefined;
  }
}

const BARE_AT = new RegExp(BARE_ADDRESS.source, 'iuy');

/** The formula at `at`, as Unicode where all of it can be shown, else as it was written. */
function formulaAt(text: string, at: number, closed: boolean, theme: Theme): Decision {
  const span = mathsAt(text, at, closed);
  if (span === undefined || span === 'wait') return span;
  const shown = theme.unicode ? renderMaths(span.inner, span.display) : undefined;
  return {tokens: rowsOf(shown ?? text.slice(at, span.end)), end: span.end};
}

function rowsOf(text: string): Token[] {
  return text.split('\n').flatMap((row, index) => [...(index > 0 ? [{type: 'break'} as const] : []), textToken(row)]);
}

/** A line break or an address; other tags are text. */
function tagAt(text: string, at: number, closed: boolean, {theme, ids, within}: Reader): Decision {
  const ahead = text.slice(at, at + 16);
  const found = LINE_BREAK.exec(ahead);
  if (found !== null) return {tokens: [{type: 'break'}], end: at + found[0].length};
  if (!closed && BEGUN_BREAK.test(ahead) && ahead.length < 16) return 'wait';
  return within === 'label' ? undefined : autolinkAt(text, at, closed, theme, ids);
}

/**
 * A run of marks. As in CommonMark, but a star cannot open behind an ASCII letter, a digit or a closing bracket, nor beside
 * a slash: `2*3*4`, `x**2` and `src/**` are text.
 */
function markAt(text: string, at: number, closed: boolean): Decision {
  const sign = text[at] as string;
  const window = text.slice(at, at + WINDOW);
  const length = runLength(window, 0);
  if (length === window.length && length < WINDOW && !closed) return 'wait';
  const isMark = sign === '~' ? length === 2 : length <= 3;
  if (!isMark) return {tokens: [textToken(window.slice(0, length))], end: at + length};
  const before = text[at - 1] ?? ' ';
  const after = window[length] ?? ' ';
  const isStar = sign === '*';
  const inPath = isStar && (before === '/' || after === '/');
  const opens =
    !/\s/.test(after) && !inPath && !(sign === '_' && WORD.test(before)) && !(isStar && /[A-Za-z0-9)\]]/.test(before));
  // `lib/*.ts` and `x/*` end nothing, `**src/**` does.
  const inGlob = isStar && before === '/' && (length === 1 || /[\w.*{/]/.test(after));
  const closes = !/\s/.test(before) && !(sign === '_' && WORD.test(after)) && !inGlob;
  return {tokens: [{type: 'mark', sign, length, opens, closes, at}], end: at + length};
}

/** End of the plain text at `at`; its last cluster waits while a combining mark could follow. */
function plainEnd(text: string, at: number, closed: boolean): number {
  SPECIAL.lastIndex = at + 1;
  const next = SPECIAL.exec(text)?.index;
  if (next !== undefined) return next;
  if (closed) return text.length;
  const rest = text.slice(Math.max(at, text.length - 64));
  const end = text.length - (graphemes(rest).at(-1)?.length ?? 0);
  const begun = BEGUN_ADDRESS.exec(text.slice(Math.max(0, at - 1, text.length - 16)));
  return begun === null ? end : Math.max(at, Math.min(end, text.length - begun[0].length));
}
