// The rows of what happens in a chat: printed once, they stay in the terminal's scrollback.

import type {ChatEvent} from '../chat/chat-face.ts';
import type {Highlight} from '../markdown/code-block.ts';
import {BLANK, paint, type Row, rowTexts, type Style, type Theme} from '../markdown/style.ts';
import {endRows, errorRows, type StatsLevel} from '../rows/end-row.ts';
import {transcriptRows, userRows} from '../rows/transcript.ts';

export interface RowStyle {
  readonly columns: number;
  readonly theme: Theme;
  readonly highlight: Highlight;
  readonly stats: StatsLevel;
  /** Behind a question, where the background is known. */
  readonly tint?: Style;
}

/** What the event does not say of the moment it comes in. */
export interface Moment {
  /** The conversation ends with words of the model. */
  readonly continuable: boolean;
  /** Since the turn began, in milliseconds. */
  readonly elapsedMs: number;
}

/** None for an event that changes the live rows alone. */
export function eventRows(event: ChatEvent, style: RowStyle, moment: Moment): Row[] {
  const {columns, theme} = style;
  switch (event.type) {
    case 'rows':
      return [...event.rows];
    case 'note':
    case 'warning':
      return noteRows(event.text, theme);
    case 'error':
      return errorRows(event.error, theme);
    case 'said':
      return userRows(event.text, style);
    case 'recall':
      return transcriptRows(event.messages, style);
    case 'end':
      if (event.error !== undefined) return errorRows(event.error, theme);
      if (event.finish === undefined) return [];
      return [
        ...(event.finish.notes ?? []).flatMap((note) => noteRows(note, theme)),
        ...endRows({finish: event.finish, ...moment}, style.stats, columns, theme),
        BLANK,
      ];
    default:
      return [];
  }
}

function noteRows(text: string, theme: Theme): Row[] {
  return rowTexts(text).map((line) => paint(line, theme.dim));
}
