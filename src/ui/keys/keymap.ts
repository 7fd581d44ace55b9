// The key table: what each key does. Dispatch and /keys read the same rows.

import {hangingRows} from '../rows/two-columns.ts';
import type {KeyPress} from './event.ts';

export type EditAction =
  | 'left'
  | 'right'
  | 'word-left'
  | 'word-right'
  | 'line-start'
  | 'line-end'
  | 'text-start'
  | 'text-end'
  | 'newline'
  | 'backspace'
  | 'delete'
  | 'kill-word-left'
  | 'kill-space-left'
  | 'kill-word-right'
  | 'kill-line-left'
  | 'kill-line-right'
  | 'yank'
  | 'yank-older'
  | 'transpose'
  | 'undo'
  | 'redo';

export type Action =
  | EditAction
  | 'submit'
  | 'escape'
  | 'interrupt'
  | 'end-of-input'
  | 'previous'
  | 'next'
  | 'history-previous'
  | 'history-next'
  | 'search'
  | 'complete'
  | 'editor'
  | 'expand'
  | 'redraw'
  | 'suspend';

interface Binding {
  readonly keys: readonly string[];
  readonly action: Action;
  readonly help: string;
}

/** Keys are written `ctrl+alt+shift+name`, in this order. */
export const KEYS: readonly Binding[] = [
  {keys: ['enter', 'ctrl+m'], action: 'submit', help: 'send the message (after a backslash: new line)'},
  {keys: ['alt+enter', 'shift+enter', 'ctrl+enter', 'ctrl+j'], action: 'newline', help: 'new line'},
  {
    keys: ['escape', 'ctrl+['],
    action: 'escape',
    help: 'stop the answer; close a list; twice on an empty prompt: edit your last message',
  },
  {keys: ['ctrl+c'], action: 'interrupt', help: 'stop the answer, or clear the prompt; twice: quit'},
  {keys: ['ctrl+d'], action: 'end-of-input', help: 'on an empty prompt: quit; otherwise delete the next character'},
  {keys: ['up'], action: 'previous', help: 'row up; on the first row: earlier message'},
  {keys: ['down'], action: 'next', help: 'row down; on the last row: later message'},
  {keys: ['ctrl+p'], action: 'history-previous', help: 'earlier message'},
  {keys: ['ctrl+n'], action: 'history-next', help: 'later message'},
  {keys: ['ctrl+r'], action: 'search', help: 'search your earlier messages'},
  {keys: ['tab', 'ctrl+i'], action: 'complete', help: 'complete a command or @file'},
  {keys: ['left', 'ctrl+b'], action: 'left', help: 'one character left'},
  {keys: ['right', 'ctrl+f'], action: 'right', help: 'one character right'},
  {keys: ['ctrl+left', 'alt+left', 'alt+b'], action: 'word-left', help: 'one word left'},
  {keys: ['ctrl+right', 'alt+right', 'alt+f'], action: 'word-right', help: 'one word right'},
  {keys: ['home', 'ctrl+a'], action: 'line-start', help: 'start of the line'},
  {keys: ['end', 'ctrl+e'], action: 'line-end', help: 'end of the line'},
  {keys: ['ctrl+home', 'alt+shift+<', 'alt+<'], action: 'text-start', help: 'start of the text'},
  {keys: ['ctrl+end', 'alt+shift+>', 'alt+>'], action: 'text-end', help: 'end of the text'},
  {keys: ['backspace', 'shift+backspace', 'ctrl+h'], action: 'backspace', help: 'delete the previous character'},
  {keys: ['delete'], action: 'delete', help: 'delete the next character'},
  {keys: ['alt+backspace', 'ctrl+backspace'], action: 'kill-word-left', help: 'cut the word before the cursor'},
  {keys: ['ctrl+w'], action: 'kill-space-left', help: 'cut the word before the cursor, up to a space'},
  {keys: ['alt+d', 'ctrl+delete'], action: 'kill-word-right', help: 'cut the word after the cursor'},
  {keys: ['ctrl+u'], action: 'kill-line-left', help: 'cut to the start of the line'},
  {keys: ['ctrl+k'], action: 'kill-line-right', help: 'cut to the end of the line'},
  {keys: ['ctrl+y'], action: 'yank', help: 'paste what was cut'},
  {keys: ['alt+y'], action: 'yank-older', help: 'after Ctrl+Y: paste an earlier cut instead'},
  {keys: ['ctrl+t'], action: 'transpose', help: 'swap two characters'},
  {keys: ['ctrl+_', 'ctrl+/', 'ctrl+shift+_'], action: 'undo', help: 'undo'},
  {keys: ['alt+_', 'alt+shift+_', 'alt+/'], action: 'redo', help: 'redo'},
  {keys: ['ctrl+g'], action: 'editor', help: 'write the message in $VISUAL or $EDITOR'},
  {keys: ['ctrl+o'], action: 'expand', help: 'print the last collapsed thought, tool result or paste'},
  {keys: ['ctrl+l'], action: 'redraw', help: 'redraw the prompt'},
  {keys: ['ctrl+z'], action: 'suspend', help: 'suspend (`fg` in the shell returns)'},
];

const ACTIONS = new Map(KEYS.flatMap(({keys, action}) => keys.map((key) => [key, action] as const)));

/** What a key does; undefined for a key without a meaning, and with Super or Hyper held: those are the system's. */
export function actionOf(key: KeyPress): Action | undefined {
  if (key.super === true) return undefined;
  return ACTIONS.get(`${key.ctrl ? 'ctrl+' : ''}${key.alt ? 'alt+' : ''}${key.shift ? 'shift+' : ''}${key.name}`);
}

/** Where the explanations begin. */
const HELP_COLUMN = 32;

/** The key table as people read it, within `columns` cells. */
export function keyHelp(columns: number): string[] {
  const shown = (key: string) =>
    key.replaceAll(/(^|\+)(\w)/g, (_, plus: string, first: string) => plus + first.toUpperCase());
  return KEYS.flatMap(({keys, help}) =>
    hangingRows([keys.slice(0, 2).map(shown).join(', '), help], HELP_COLUMN, columns),
  );
}
