// The text being written: a pure multi-line editor with grapheme-aware moves, kill ring and undo.

import {boundaryAt, nextBoundary, previousBoundary} from '../../base/cells/graphemes.ts';
import type {EditAction} from '../keys/keymap.ts';

export interface Editor {
  readonly text: string;
  /** UTF-16 index into `text`, always on a grapheme boundary. */
  readonly cursor: number;
  /** Killed texts, the newest first. */
  readonly kills: readonly string[];
  readonly undone: readonly Snapshot[];
  readonly history: readonly Snapshot[];
  /** What the last action was: runs of the same kind are undone, and killed, as one. */
  readonly last: 'type' | 'kill' | 'yank' | 'other';
}

interface Snapshot {
  readonly text: string;
  readonly cursor: number;
}

export const EMPTY_EDITOR: Editor = {text: '', cursor: 0, kills: [], undone: [], history: [], last: 'other'};

const UNDO_LIMIT = 200;
const KILL_LIMIT = 20;

/** The editor after one action. */
export function edit(editor: Editor, action: EditAction): Editor {
  const {text, cursor} = editor;
  switch (action) {
    case 'left':
      return moveTo(editor, previousBoundary(text, cursor));
    case 'right':
      return moveTo(editor, nextBoundary(text, cursor));
    case 'word-left':
      return moveTo(editor, wordLeft(text, cursor));
    case 'word-right':
      return moveTo(editor, wordRight(text, cursor));
    case 'line-start':
      return moveTo(editor, lineStart(text, cursor));
    case 'line-end':
      return moveTo(editor, lineEnd(text, cursor));
    case 'text-start':
      return moveTo(editor, 0);
    case 'text-end':
      return moveTo(editor, text.length);
    case 'newline':
      return insert(editor, '\n');
    case 'backspace':
      return replaced(editor, previousBoundary(text, cursor), cursor, '');
    case 'delete':
      return replaced(editor, cursor, nextBoundary(text, cursor), '');
    case 'kill-word-left':
      return kill(editor, wordLeft(text, cursor), cursor);
    case 'kill-space-left':
      return kill(editor, spaceLeft(text, cursor), cursor);
    case 'kill-word-right':
      return kill(editor, cursor, wordRight(text, cursor));
    case 'kill-line-left':
      return kill(editor, lineStart(text, cursor), cursor);
    case 'kill-line-right': {
      const end = lineEnd(text, cursor);
      return kill(editor, cursor, end === cursor ? Math.min(text.length, end + 1) : end);
    }
    case 'yank':
      return editor.kills[0] === undefined ? editor : {...insert(editor, editor.kills[0]), last: 'yank'};
    case 'yank-older':
      return yankOlder(editor);
    case 'transpose':
      return transpose(editor);
    case 'undo':
      return undo(editor);
    case 'redo':
      return redo(editor);
  }
}

/** Types a text at the cursor. */
export function insert(editor: Editor, typed: string): Editor {
  if (typed === '') return editor;
  const joined = editor.last === 'type' && /^\S$/u.test(typed);
  const next = replaced(editor, editor.cursor, editor.cursor, typed, joined);
  return {...next, last: 'type'};
}

/** The editor with this text, the cursor at its end; undo goes back to what was there. */
export function setText(editor: Editor, text: string): Editor {
  if (text === editor.text) return moveTo(editor, text.length);
  return replaced(editor, 0, editor.text.length, text);
}

/** The editor with its cursor at `index`, which is a boundary between clusters. */
export function moveTo(editor: Editor, cursor: number): Editor {
  return {...editor, cursor, last: 'other'};
}

function replaced(editor: Editor, from: number, to: number, by: string, joined = false): Editor {
  if (from === to && by === '') return editor;
  const text = editor.text.slice(0, from) + by + editor.text.slice(to);
  const snapshot = {text: editor.text, cursor: editor.cursor};
  const history = joined ? editor.history : [...editor.history.slice(-UNDO_LIMIT), snapshot];
  return {...editor, text, cursor: boundaryAt(text, from + by.length, 'right'), history, undone: [], last: 'other'};
}

function kill(editor: Editor, from: number, to: number): Editor {
  const killed = editor.text.slice(from, to);
  if (killed === '') return editor;
  const [newest = '', ...older] = editor.kills;
  const before = to === editor.cursor;
  const joined = before ? killed + newest : newest + killed;
  const kills = editor.last === 'kill' ? [joined, ...older] : [killed, ...editor.kills].slice(0, KILL_LIMIT);
  return {...replaced(editor, from, to, ''), kills, last: 'kill'};
}

function yankOlder(editor: Editor): Editor {
  const [newest, ...older] = editor.kills;
  if (editor.last !== 'yank' || newest === undefined || older[0] === undefined) return editor;
  const next = replaced(editor, editor.cursor - newest.length, editor.cursor, older[0]);
  return {...next, kills: [...older, newest], last: 'yank'};
}

function transpose(editor: Editor): Editor {
  const {text, cursor} = editor;
  const middle = cursor === lineEnd(text, cursor) ? previousBoundary(text, cursor) : cursor;
  const start = previousBoundary(text, middle);
  const end = nextBoundary(text, middle);
  if (start < lineStart(text, middle) || start === middle || end === middle) return editor;
  return replaced(editor, start, end, text.slice(middle, end) + text.slice(start, middle));
}

function undo(editor: Editor): Editor {
  const snapshot = editor.history.at(-1);
  if (snapshot === undefined) return editor;
  const undone = [...editor.undone, {text: editor.text, cursor: editor.cursor}];
  return {...editor, ...snapshot, history: editor.history.slice(0, -1), undone, last: 'other'};
}

function redo(editor: Editor): Editor {
  const snapshot = editor.undone.at(-1);
  if (snapshot === undefined) return editor;
  const history = [...editor.history, {text: editor.text, cursor: editor.cursor}];
  return {...editor, ...snapshot, history, undone: editor.undone.slice(0, -1), last: 'other'};
}

function lineStart(text: string, index: number): number {
  return index === 0 ? 0 : text.lastIndexOf('\n', index - 1) + 1;
}

function lineEnd(text: string, index: number): number {
  const end = text.indexOf('\n', index);
  return end < 0 ? text.length : end;
}

function spaceLeft(text: string, index: number): number {
  const end = skipLeft(text, index, (character) => /\s/.test(character));
  return boundaryAt(
    text,
    skipLeft(text, end, (character) => /\S/.test(character)),
    'left',
  );
}

/** Words are runs of letters, digits and their marks, in any script. */
const isOfWord = (character: string) => /[\p{L}\p{N}\p{M}_]/u.test(character);

function wordLeft(text: string, index: number): number {
  const end = skipLeft(text, index, (character) => !isOfWord(character));
  return boundaryAt(text, skipLeft(text, end, isOfWord), 'left');
}

/** Goes left over characters of a kind, each looked at once: a pattern that ends with `$` is tried at every place. */
function skipLeft(text: string, index: number, isSkipped: (character: string) => boolean): number {
  let at = index;
  while (at > 0) {
    const isPair = /^[\ud800-\udbff][\udc00-\udfff]$/.test(text.slice(Math.max(0, at - 2), at));
    const from = at - (isPair ? 2 : 1);
    if (!isSkipped(text.slice(from, at))) break;
    at = from;
  }
  return at;
}

function wordRight(text: string, index: number): number {
  const found = /^[^\p{L}\p{N}\p{M}_]*[\p{L}\p{N}\p{M}_]*/u.exec(text.slice(index));
  return boundaryAt(text, index + (found?.[0].length ?? 0), 'right');
}
