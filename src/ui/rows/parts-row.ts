// A row of parts with dots between them, of which those at the right are left out where they do not fit.
import {shorten, width} from '../../base/cells/graphemes.ts';
import {joinRows, paint, type Row, rowText, type Style, type Theme} from '../markdown/style.ts';

export interface Part {
  readonly text: string;
  readonly style: Style;
}

/** The parts that fit `room` cells, whole; only the first is cut when it is wider than all of them. Empty ones are left out. */
export function partsRow(parts: readonly Part[], room: number, theme: Theme): Row {
  const separator = paint(` ${theme.dot} `, theme.dim);
  const shown: Row[] = [];
  let used = 0;
  for (const {text, style} of parts) {
    const clean = rowText(text);
    if (clean === '') continue;
    const cells = width(clean) + (shown.length > 0 ? 3 : 0);
    if (used + cells > room) {
      if (shown.length === 0) shown.push(paint(shorten(clean, room, theme.ellipsis), style));
      break;
    }
    shown.push(paint(clean, style));
    used += cells;
  }
  return joinRows(shown, separator);
}
