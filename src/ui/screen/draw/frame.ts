// The rows below the scrollback at one moment: tail of the answer, prompt, panel and status line, within the terminal.
import type {Item} from '../../chat/picker.ts';
import {BLANK, paint, type Row, rowText, type Theme} from '../../markdown/style.ts';
import type {Editor} from '../../prompt/editor.ts';
import type {Pastes} from '../../prompt/pastes.ts';
import {type Caret, promptRows} from '../../prompt/prompt-rows.ts';
import {type Status, statusRow} from '../../rows/status-line.ts';
import type {Size} from './painter.ts';

/** Choices below the prompt: completions, or a question with a title. */
export interface Choices {
  readonly title: string | undefined;
  readonly items: readonly Item[];
  readonly selected: number;
  /** There are more than these: typing narrows them. */
  readonly isCut?: boolean;
}

/** The choices that have room, as they are drawn. */
export interface Panel {
  readonly title: Row | undefined;
  /** Which of how many is selected, where not all have room. */
  readonly count: Row | undefined;
  readonly items: readonly {readonly label: Row; readonly detail: Row}[];
  readonly selected: number;
}

/** All that is to be seen, before it is laid out. */
export interface View {
  readonly tail: (limit: number) => readonly Row[];
  readonly editor: Editor;
  readonly pastes: Pastes;
  readonly hint: readonly string[];
  readonly panel: Choices | undefined;
  readonly status: Status;
}

/** A view cut to the terminal: every list of rows fits. */
export interface Frame {
  readonly tail: readonly Row[];
  readonly prompt: readonly Row[];
  readonly caret: Caret;
  readonly panel: Panel | undefined;
  readonly status: Row | undefined;
  readonly columns: number;
}

const TAIL = 8;
const PROMPT = 10;
const CHOICES = 6;

/** Shares the terminal's rows but one among the parts; the prompt comes first, then one choice, status, panel, tail. */
export function layOut(view: View, size: Size, theme: Theme): Frame {
  const columns = Math.max(8, size.columns);
  let room = Math.max(1, size.rows - 1);
  const limit = Math.min(PROMPT, Math.max(1, Math.floor(room / 2)));
  const {rows: prompt, caret} = promptRows(view.editor, view.pastes, columns, limit, theme, view.hint);
  room -= prompt.length;
  const wanted = view.panel === undefined ? 1 : 2;
  const status = room >= wanted ? statusRow(view.status, columns, theme) : undefined;
  if (status !== undefined) room -= 1;
  const panel = view.panel === undefined ? undefined : cutPanel(view.panel, Math.min(room, CHOICES + 2), theme);
  if (panel !== undefined) room -= panelHeight(panel);
  const tail = room > 0 ? view.tail(Math.min(TAIL, room)) : [];
  const gap = tail.length > 0 && tail.length < room ? [BLANK] : [];
  return {tail: [...tail, ...gap], prompt, caret, panel, status, columns};
}

function panelHeight({items, title, count}: Panel): number {
  return items.length + (title === undefined ? 0 : 1) + (count === undefined ? 0 : 1);
}

/** The choices around the selected one. */
function cutPanel(panel: Choices, rows: number, theme: Theme): Panel | undefined {
  // On a single row the choice says more than the title.
  const title = rows > 1 || panel.items.length === 0 ? panel.title : undefined;
  const beside = rows - (title === undefined ? 0 : 1);
  const fits = panel.items.length <= Math.min(CHOICES, beside);
  // With a row or two the choices themselves say more than how many there are.
  const isCounted = !fits && beside > 2;
  const limit = Math.min(CHOICES, isCounted ? beside - 1 : beside);
  if (limit < 1 && panel.items.length > 0) return undefined;
  if (rows < 1 || (panel.items.length === 0 && title === undefined)) return undefined;
  const first = Math.max(0, Math.min(panel.selected - Math.floor(limit / 2), panel.items.length - limit));
  const row = (text: string) => paint(rowText(text), '');
  return {
    title: title === undefined ? undefined : row(title),
    count: isCounted ? countRow(panel, first, limit, theme) : undefined,
    items: panel.items.slice(first, first + limit).map(({label, detail}) => ({label: row(label), detail: row(detail)})),
    selected: panel.selected - first,
  };
}

/** `  7/28 ▲▼`: the selected choice, how many there are, and on which sides. */
function countRow({items, selected, isCut}: Choices, first: number, limit: number, theme: Theme): Row {
  const arrows = `${first > 0 ? theme.up : ''}${first + limit < items.length ? theme.down : ''}`;
  return paint(`  ${selected + 1}/${items.length}${isCut === true ? '+' : ''} ${arrows}`, theme.dim);
}
