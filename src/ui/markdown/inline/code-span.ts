// Code spans: from a run of backticks to the next of the same length.
import {type Decision, textToken, WINDOW} from './token.ts';

/** Characters of the same kind at `at`. */
export function runLength(text: string, at: number): number {
  let end = at;
  while (text[end] === text[at] && end < text.length) end += 1;
  return end - at;
}

/** The code span at `at`. `keepsMarks`: its backticks are shown, where nothing else says that it is code. */
export function codeSpanAt(text: string, at: number, closed: boolean, keepsMarks: boolean): Decision {
  const window = text.slice(at, at + WINDOW);
  const isAll = closed || window.length === WINDOW;
  const length = runLength(window, 0);
  if (length === window.length && !isAll) return 'wait';
  const end = closingRun(window, length, isAll);
  if (end === 'wait') return 'wait';
  if (end === undefined) return {tokens: [textToken(window.slice(0, length))], end: at + length};
  const inner = window.slice(length, end);
  const code = /^ .*\S.* $/.test(inner) ? inner.slice(1, -1) : inner;
  const shown = keepsMarks ? window.slice(0, end + length) : code;
  return {tokens: [{type: 'code', text: shown}], end: at + end + length};
}

function closingRun(window: string, length: number, isAll: boolean): number | 'wait' | undefined {
  for (let index = window.indexOf('`', length); index >= 0; ) {
    const closing = runLength(window, index);
    if (index + closing === window.length && !isAll) return 'wait';
    if (closing === length) return index;
    index = window.indexOf('`', index + closing);
  }
  return isAll ? undefined : 'wait';
}
