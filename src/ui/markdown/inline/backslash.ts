// Backslashes: escapes of Markdown in prose, and themselves in paths, patterns and other words of code.
import {type Decision, textToken, WINDOW} from './token.ts';

const ESCAPABLE = /^[\\`*_~[\]()#>|!<&$.+\-{}]/;
const CODE_ESCAPE = /\\[\p{L}\p{N}]/u;
/** A delimiter of a formula that stands alone: no mark of Markdown needs an escape there. */
const DELIMITER_ALONE = /^\\[()[\]]$/;

/**
 * The backslash at `at`. It is an escape before a mark, in a word without a backslash before a letter or digit that does
 * not begin with two of them: `\d+\.\w*`, `C:\Users\_tmp` and `\\server\share` stay whole. `breaksLine`: at the end of the
 * text it stands for a line break, which is there anyway.
 */
export function escapeAt(text: string, at: number, closed: boolean, breaksLine: boolean): Decision {
  const next = text[at + 1];
  if (next === undefined) {
    if (!closed) return 'wait';
    const isBreak = breaksLine && isCodeWord(text, at, true) === false;
    return {tokens: isBreak ? [] : [textToken('\\')], end: at + 1};
  }
  const isCode = isCodeWord(text, at, closed);
  if (isCode === 'wait') return 'wait';
  if (isCode || !ESCAPABLE.test(next)) return {tokens: [textToken('\\')], end: at + 1};
  return {tokens: [textToken(next)], end: at + 2};
}

/** True for a word whose backslashes stay; the word is the run without spaces round `at`. */
export function isCodeWord(text: string, at: number, closed: boolean): boolean | 'wait' {
  const before = /\S*$/.exec(text.slice(Math.max(0, at - WINDOW), at))?.[0] ?? '';
  const ahead = text.slice(at, at + WINDOW);
  const behind = /^\S*/.exec(ahead)?.[0] ?? '';
  const word = before + behind;
  if (CODE_ESCAPE.test(word) || word.startsWith('\\\\')) return true;
  const mayGoOn = behind.length === ahead.length && ahead.length < WINDOW && !closed;
  return mayGoOn ? 'wait' : DELIMITER_ALONE.test(word);
}
