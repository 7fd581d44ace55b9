// Completion of slash commands and @file names: which word is meant, what fits it, what accepting does.

import {Fzf} from 'fzf';
import type {Item} from '../chat/picker.ts';
import type {Editor} from './editor.ts';

/** The word that completion is about: `/name` at the start of the text, or `@path` anywhere. */
export interface Word {
  readonly kind: 'command' | 'file';
  /** Without its first character. */
  readonly query: string;
  readonly from: number;
  readonly to: number;
}

/** Candidates that are offered at most. */
export const MOST_CHOICES = 50;
/** No name is longer, and each key looks at no more of the text. */
const LONGEST_NAME = 4096;

/** The word before the cursor if it can be completed. */
export function wordAt({text, cursor}: Editor): Word | undefined {
  const before = text.slice(0, cursor);
  const command = /^\/([\w-]*)$/.exec(before);
  if (command !== null) return {kind: 'command', query: command[1] ?? '', from: 0, to: cursor};
  const near = text.slice(Math.max(0, cursor - LONGEST_NAME), cursor);
  const space = near.search(/\s\S*$/);
  const from = cursor - near.length + space + 1;
  if (text[from] !== '@' || from === cursor || (space < 0 && near.length < cursor)) return undefined;
  return {kind: 'file', query: text.slice(from + 1, cursor), from, to: cursor};
}

/** The candidates that contain the query's letters in order, the best match first. */
export function rank(query: string, candidates: readonly Item[]): Item[] {
  if (query === '') return candidates.slice(0, MOST_CHOICES);
  const fzf = new Fzf(candidates, {selector: (item: Item) => item.label, limit: MOST_CHOICES});
  return fzf.find(query).map((entry: {readonly item: Item}) => entry.item);
}
