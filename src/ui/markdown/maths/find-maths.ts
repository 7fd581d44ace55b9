// Which part of a line is a formula: its delimiters, and for single dollars what stands between them.
import {FUNCTIONS} from './maths-symbols.ts';

/** A formula whose end is not within this many characters of its beginning is text. */
export const MATHS_WINDOW = 400;

/** A formula in a line, from its first delimiter to `end`, behind its last. */
export interface MathsSpan {
  readonly inner: string;
  readonly display: boolean;
  readonly end: number;
}

const CLOSERS: Readonly<Record<string, string>> = {'\\(': '\\)', '\\[': '\\]', $$: '$$'};

/**
 * The formula that begins at `at`, where `\` or `$` stands. 'wait' = more text may make one of it, undefined = text.
 * `closed`: no more text can come.
 */
export function mathsAt(text: string, at: number, closed: boolean): MathsSpan | 'wait' | undefined {
  const two = text.slice(at, at + 2);
  const closer = CLOSERS[two];
  if (closer !== undefined) return longDelimiters(text, at, closer, closed);
  if (two.length < 2 && !closed) return 'wait';
  return two.startsWith('$') ? dollars(text, at, closed) : undefined;
}

function longDelimiters(text: string, at: number, closer: string, closed: boolean): MathsSpan | 'wait' | undefined {
  const end = indexWithin(text, closer, at + 2, at + MATHS_WINDOW);
  if (end < 0) return !closed && text.length < at + MATHS_WINDOW + closer.length ? 'wait' : undefined;
  const inner = text.slice(at + 2, end);
  return inner.trim() === '' ? undefined : {inner, display: closer !== '\\)', end: end + 2};
}

/** As indexOf, of a text that begins at `last` at the latest. */
function indexWithin(text: string, wanted: string, from: number, last: number): number {
  const found = text.slice(from, last + wanted.length).indexOf(wanted);
  return found < 0 ? -1 : from + found;
}

function dollars(text: string, at: number, closed: boolean): MathsSpan | 'wait' | undefined {
  if (/[\p{L}\p{N}$\\]$/u.test(text.slice(Math.max(0, at - 2), at)) || /[\s$]/.test(text[at + 1] ?? ' '))
    return undefined;
  const end = closingDollar(text, at);
  if (end === undefined) {
    const most = text.slice(at + 1, at + MATHS_WINDOW + 1);
    return closed || most.length === MATHS_WINDOW || cannotBeMaths(most) ? undefined : 'wait';
  }
  if (/\s/.test(text[end - 1] ?? '')) return undefined;
  const behind = text.slice(end + 1, end + 4);
  if (/^[\d$]/.test(behind)) return undefined;
  const inner = text.slice(at + 1, end);
  if (inner.includes('`') || !looksLikeMaths(inner)) return undefined;
  if (!closed && behind.length < 3 && /^(?:[sn]?|st|nd|rd?|th?)$/.test(behind)) return 'wait';
  if (/^\p{L}/u.test(behind) && !/^(?:th|st|nd|rd|s)(?!\p{L})/u.test(behind)) return undefined;
  return {inner, display: false, end: end + 1};
}

function closingDollar(text: string, at: number): number | undefined {
  for (let end = at + 1; ; end += 1) {
    end = indexWithin(text, '$', end, at + MATHS_WINDOW);
    if (end < 0) return undefined;
    if (text[end - 1] !== '\\') return end;
  }
}

/** Words that are written out in a formula; what stands between their braces is no prose. */
const WORDS = /\\(?:text|mathrm|operatorname|textbf|mathbf|mbox)\s*\{[^{}]*\}/g;
const SCRIPTS = /[_^]\{[^{}]*\}/g;

/** Letters of a formula that belong to no macro and no script. */
function bareLetters(content: string): string {
  return content
    .replaceAll(WORDS, '')
    .replaceAll(/\\[A-Za-z]+/g, ' ')
    .replaceAll(SCRIPTS, ' ');
}

const runsOf = (bare: string) => bare.split(/[^A-Za-z]+/);

/** Whether what stands between two dollars is a formula and no prose or code between two prices or variables. */
export function looksLikeMaths(content: string): boolean {
  const runs = runsOf(bareLetters(content)).filter((run) => !FUNCTIONS.has(run));
  if (runs.some((run) => run.length >= 4)) return false;
  if (/\\[A-Za-z]|[\^]|_[A-Za-z0-9{\\]|\\[{},;|]/.test(content)) return true;
  if (/^[A-Za-z]$/.test(content) || /^[\d.,]+\\?%?$/.test(content)) return true;
  if (/[-+*/=<>.,:;([{|]$/.test(content)) return false;
  if (runs.some((run) => run.length >= 2) && !/[=<>+\-*/|()]/.test(content)) return false;
  return /[=<>+\-*/|()[\]!,]/.test(content) || /^\d*[A-Za-z]['′]?$/.test(content);
}

/** True where no closing dollar can make a formula of what begins with `content`: a word of prose stands in it. */
function cannotBeMaths(content: string): boolean {
  if (content.includes('`')) return true;
  // What a brace will end is not known yet, nor is the last run, unless it is longer than any function that begins so.
  const open = /(?:\\(?:text|mathrm|operatorname|textbf|mathbf|mbox)\s*|[_^])\{[^{}]*$/.exec(content);
  const runs = runsOf(bareLetters(content.slice(0, open?.index)));
  const last = runs.pop() ?? '';
  if (runs.some((run) => run.length >= 4 && !FUNCTIONS.has(run))) return true;
  return last.length >= 4 && ![...FUNCTIONS].some((name) => name.startsWith(last));
}
