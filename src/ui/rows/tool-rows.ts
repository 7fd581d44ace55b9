// A tool call and its result as rows: one line each, and all of a call when somebody has to decide about it.

import {sanitise} from '../../base/terminal-text.ts';
import type {ToolCall} from '../../engine/contract/requests.ts';
import {expandTabs, graphemes, shorten, width} from '../graphemes.ts';
import {paint, type Theme} from '../markdown/style.ts';

/** Characters of the arguments that are shown before a decision; a model can write any number of them. */
const SHOWN = 4000;

/** `call get_weather {"city":"Paris"}` on one row. */
export function toolCallRow(call: ToolCall & {problem?: string}, columns: number, theme: Theme): string {
  return `${paint('call', theme.accent)} ${shorten(callLine(call), columns - 5, theme.ellipsis)}`;
}

/** `result {"celsius":21}` on one row. */
export function toolResultRow(result: string, columns: number, theme: Theme): string {
  return `${paint('result', theme.accent)} ${shorten(oneLine(sanitise(result)), columns - 7, theme.ellipsis)}`;
}

/** What one row stood for, whole. */
export function foldedRows(text: string, theme: Theme): string[] {
  const lines = sanitise(text).split('\n');
  return [...lines.map((line) => paint(expandTabs(line), theme.dim)), ''];
}

/** What would run, and the arguments when the row of the call has cut them: nobody agrees to what they cannot read. */
export function questionRows(call: ToolCall, command: string, columns: number, theme: Theme): string[] {
  const rows = wrapped(`runs ${oneLine(sanitise(command))}`, columns);
  if (width(callLine(call)) > columns - 5) {
    const given = oneLine(sanitise(call.arguments));
    rows.push(...wrapped(`with ${given.slice(0, SHOWN)}`, columns));
    if (given.length > SHOWN) rows.push(`and ${given.length - SHOWN} more characters that are not shown`);
  }
  return rows.map((row) => paint(row, theme.dim));
}

function callLine({name, arguments: given, problem}: ToolCall & {problem?: string}): string {
  return oneLine(sanitise(`${name} ${given}${problem === undefined ? '' : ` (${problem})`}`));
}

function oneLine(text: string): string {
  return expandTabs(text.trim().replaceAll(/\s*\n\s*/g, ' '));
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
