// Messages that are there already as rows: after resuming a session or switching to a branch.

import {graphemes, width} from '../../base/cells/graphemes.ts';
import type {Message} from '../../engine/contract/requests.ts';
import {contentText} from '../../engine/contract/requests.ts';
import type {Highlight} from '../markdown/code-block.ts';
import {MarkdownStream} from '../markdown/stream.ts';
import {
  BLANK,
  combine,
  joinRows,
  paint,
  ROW_MARGIN,
  type Row,
  rowTexts,
  type Style,
  type Theme,
} from '../markdown/style.ts';
import {toolCallRow, toolResultRow} from './tool-rows.ts';

/** Messages that are shown again; the rest is said to be there. */
const SHOWN = 4;

/** The messages that are shown again, and how many were said before them. */
export function lastMessages(messages: readonly Message[]): {earlier: number; last: readonly Message[]} {
  const said = messages.flatMap(({role}, index) => (role === 'user' || role === 'assistant' ? [index] : []));
  const from = said.at(-SHOWN) ?? said[0] ?? 0;
  return {earlier: said.length - SHOWN, last: messages.slice(from)};
}

/** What messages are shown with. */
export interface TranscriptStyle {
  readonly columns: number;
  readonly theme: Theme;
  readonly highlight: Highlight;
  /** Behind a question, where the background of the terminal is known. */
  readonly tint?: Style;
}

/** A message of the person as it stands in the scrollback: a bar in front of each row, to be found when scrolling back. */
export function userRows(text: string, {columns, theme, tint = ''}: Omit<TranscriptStyle, 'highlight'>): Row[] {
  const bar = paint(`${theme.questionBar} `, combine(theme.accent, tint));
  return rowTexts(text)
    .flatMap((line) => wrapped(line, columns - 2))
    .map((row) => joinRows([bar, paint(row, tint)]));
}

/** The last messages, wrapped to the columns. */
export function transcriptRows(messages: readonly Message[], style: TranscriptStyle): Row[] {
  const {columns, theme, highlight} = style;
  const {earlier, last} = lastMessages(messages);
  const rows: Row[] = earlier > 0 ? [paint(`${theme.ellipsis} ${earlier} earlier messages`, theme.dim), BLANK] : [];
  for (const message of last) {
    const text = contentText(message.content);
    if (message.role === 'user') rows.push(...(needsBlank(rows) ? [BLANK] : []), ...userRows(text, style));
    else if (message.role === 'tool') rows.push(toolResultRow(text, columns, theme));
    else if (message.role === 'assistant') {
      const stream = new MarkdownStream(columns, theme, highlight, ROW_MARGIN);
      if (text !== '') rows.push(...stream.write(text), ...stream.end(), BLANK);
      rows.push(...(message.toolCalls ?? []).map((call) => toolCallRow(call, columns, theme)));
    }
  }
  return rows;
}

/** True where a question would stand directly below something else. */
export function needsBlank(before: readonly Row[]): boolean {
  return before.length > 0 && before.at(-1) !== BLANK;
}

/**
 * The rows of a line as it was typed, cut between words; its spaces stay but at a cut. A long word is left to the terminal,
 * which cuts it for the eye alone, so that an address can be clicked; one of wide characters is cut here.
 */
function wrapped(line: string, room: number): string[] {
  const rows: string[] = [];
  let row = '';
  let used = 0;
  const push = () => {
    rows.push(row.trimEnd());
    row = '';
    used = 0;
  };
  for (const part of line.split(/( +)/)) {
    const cells = width(part);
    if (cells <= room && used + cells <= room) {
      row += part;
      used += cells;
    } else if (part.startsWith(' ')) push();
    else {
      if (row !== '') push();
      for (const piece of cells > part.length ? graphemes(part) : [part]) {
        const more = width(piece);
        if (used > 0 && used + more > room) push();
        row += piece;
        used += more;
      }
    }
  }
  rows.push(row);
  return rows;
}
