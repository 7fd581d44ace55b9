// The rows of what happens in a chat: printed once, they stay in the terminal's scrollback.

import type {ChatEvent} from '../chat/chat-face.ts';
import type {Highlight} from '../markdown/code-block.ts';
import {BLANK, paint, type Row, rowTexts, type Theme} from '../markdown/style.ts';
import {endRow, errorRows} from '../rows/end-row.ts';
import {modelLine} from '../rows/status-line.ts';
import {transcriptRows, userRows} from '../rows/transcript.ts';

export interface RowStyle {
  readonly columns: number;
  readonly theme: Theme;
  readonly highlight: Highlight;
}

/** None for an event that changes the live rows alone. `continuable`: the conversation ends with words of the model. */
export function eventRows(event: ChatEvent, {columns, theme, highlight}: RowStyle, continuable: boolean): Row[] {
  switch (event.type) {
    case 'rows':
      return [...event.rows];
    case 'note':
    case 'warning':
      return noteRows(event.text, theme);
    case 'error':
      return errorRows(event.error, theme);
    case 'said':
      return userRows(event.text, theme);
    case 'recall':
      return transcriptRows(event.messages, columns, theme, highlight);
    case 'ready':
      return noteRows(`${modelLine(event.model, theme)}\n`, theme);
    case 'end':
      if (event.error !== undefined) return errorRows(event.error, theme);
      if (event.finish === undefined) return [];
      return [
        ...noteRows((event.finish.notes ?? []).join('\n'), theme),
        endRow(event.finish, theme, continuable),
        BLANK,
      ];
    default:
      return [];
  }
}

function noteRows(text: string, theme: Theme): Row[] {
  return rowTexts(text).map((line) => paint(line, theme.dim));
}
