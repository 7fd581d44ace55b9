// A tool call and its result as rows: one line each, and all of a call when somebody has to decide about it.

import {graphemes, shorten, width} from '../../base/cells/graphemes.ts';
import type {ToolCall} from '../../engine/contract/requests.ts';
import {BLANK, joinRows, paint, type Row, rowText, rowTexts, type Theme} from '../markdown/style.ts';

/** Characters of the arguments that are shown before a decision; a model can write any number of them. */
const SHOWN = 4000;

/** `call get_weather {"city":"Paris"}` on one row. */
export function toolCallRow(call: ToolCall & {problem?: string}, columns: number, theme: Theme): Row {
  return labelled('call', shorten(callLine(call), columns - 5, theme.ellipsis), theme);
}

/** `result {"celsius":21}` on one row. */
export function toolResultRow(result: string, columns: number, theme: Theme): Row {
  return labelled('result', shorten(rowText(result.trim()), columns - 7, theme.ellipsis), theme);
}

function labelled(label: string, text: string, theme: Theme): Row {
  return joinRows([paint(label, theme.accent), paint(` ${text}`, '')]);
}

/** What one row stood for, whole. */
export function foldedRows(text: string, theme: Theme): Row[] {
  return [...rowTexts(text).map((line) => paint(line, theme.dim)), BLANK];
}

/** What would be done, as `runs ./add.sh`, and the arguments when the row of the call has cut them: nobody agrees to what they cannot read. */
export function questionRows(call: ToolCall, what: string, columns: number, theme: Theme): Row[] {
  const rows = wrapped(rowText(what), columns);
  if (width(callLine(call)) > columns - 5) {
    const given = rowText(call.arguments.trim());
    rows.push(...wrapped(`with ${given.slice(0, SHOWN)}`, columns));
    if (given.length > SHOWN) rows.push(`and ${given.length - SHOWN} more characters, not shown`);
  }
  return rows.map((row) => paint(row, theme.dim));
}

function callLine({name, arguments: given, problem}: ToolCall & {problem?: string}): string {
  return rowText(`${name} ${given}${problem === undefined ? '' : ` (${problem})`}`.trim());
}

/** Cut between characters: arguments are no prose. */
function wrapped(text: string, columns: number): string[] {
  const rows = [''];
  let used = 0;
  for (const cluster of graphemes(text)) {
    const cells = width(cluster);
    if (used + cells > columns) {
      rows.push('');
      used = 0;
    }
    rows[rows.length - 1] += cluster;
    used += cells;
  }
  return rows;
}
