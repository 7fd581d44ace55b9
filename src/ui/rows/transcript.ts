// Messages that are there already as rows: after resuming a session or switching to a branch.

import type {Message} from '../../engine/contract/requests.ts';
import {contentText} from '../../engine/contract/requests.ts';
import type {Highlight} from '../markdown/code-block.ts';
import {MarkdownStream} from '../markdown/stream.ts';
import {BLANK, joinRows, paint, ROW_MARGIN, type Row, rowTexts, type Theme} from '../markdown/style.ts';
import {toolCallRow, toolResultRow} from './tool-rows.ts';

/** Messages that are shown again; the rest is said to be there. */
const SHOWN = 4;

/** The messages that are shown again, and how many were said before them. */
export function lastMessages(messages: readonly Message[]): {earlier: number; last: readonly Message[]} {
  const said = messages.flatMap(({role}, index) => (role === 'user' || role === 'assistant' ? [index] : []));
  const from = said.at(-SHOWN) ?? said[0] ?? 0;
  return {earlier: said.length - SHOWN, last: messages.slice(from)};
}

/** A message of the person as it stands in the scrollback. */
export function userRows(text: string, theme: Theme): Row[] {
  return rowTexts(text).map((line, index) =>
    joinRows([paint(index === 0 ? '> ' : '  ', theme.accent), paint(line, '')]),
  );
}

/** The last messages, wrapped to `columns`. */
export function transcriptRows(
  messages: readonly Message[],
  columns: number,
  theme: Theme,
  highlight: Highlight,
): Row[] {
  const {earlier, last} = lastMessages(messages);
  const note = earlier > 0 ? [paint(`${theme.ellipsis} ${earlier} earlier messages`, theme.dim), BLANK] : [];
  const rows = last.flatMap((message) => {
    const text = contentText(message.content);
    if (message.role === 'system') return [];
    if (message.role === 'user') return userRows(text, theme);
    if (message.role === 'tool') return [toolResultRow(text, columns, theme)];
    const stream = new MarkdownStream(columns, theme, highlight, ROW_MARGIN);
    const words = text === '' ? [] : [...stream.write(text), ...stream.end(), BLANK];
    return [...words, ...(message.toolCalls ?? []).map((call) => toolCallRow(call, columns, theme))];
  });
  return [...note, ...rows];
}
