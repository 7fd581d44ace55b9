// A terminal's rows as an SVG picture, from the cells of a real emulator's buffer.
import type xterm from '@xterm/headless';

const CELL = {width: 8.4, height: 18};
const COLORS = ['#45475a', '#f38ba8', '#a6e3a1', '#f9e2af', '#89b4fa', '#f5c2e7', '#94e2d5', '#bac2de'];
const TEXT = '#cdd6f4';
const BACKGROUND = '#1e1e2e';

/** Draws rows `first` to `last` (exclusive) of the buffer, and the cursor where it stands. */
export function terminalSvg(buffer: xterm.IBuffer, columns: number, first: number, last: number): string {
  const height = (last - first) * CELL.height + 20;
  const rows: string[] = [];
  for (let row = first; row < last; row += 1) {
    const line = buffer.getLine(row);
    if (line !== undefined) rows.push(...rowTexts(line, columns, 10 + (row - first + 0.75) * CELL.height));
  }
  const cursor = buffer.baseY + buffer.cursorY - first;
  const caret = `<rect x="${10 + buffer.cursorX * CELL.width}" y="${12 + cursor * CELL.height}" width="${CELL.width}" height="${CELL.height - 3}" fill="${TEXT}" opacity="0.6"/>`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${columns * CELL.width + 20}" height="${height}" font-family="ui-monospace, Menlo, Consolas, monospace" font-size="14">`,
    `<rect width="100%" height="100%" rx="6" fill="${BACKGROUND}"/>`,
    ...rows,
    caret,
    '</svg>\n',
  ].join('\n');
}

/** One text element for every run of cells that look alike. */
function rowTexts(line: xterm.IBufferLine, columns: number, y: number): string[] {
  const texts: string[] = [];
  let run = {x: 0, text: '', look: ''};
  const flush = () => {
    if (run.text.trim() !== '') {
      texts.push(
        `<text x="${(10 + run.x * CELL.width).toFixed(1)}" y="${y.toFixed(1)}" xml:space="preserve" ${run.look}>${escapeXml(run.text.trimEnd())}</text>`,
      );
    }
  };
  for (let x = 0; x < columns; x += 1) {
    const cell = line.getCell(x);
    if (cell === undefined || cell.getWidth() === 0) continue;
    const look = lookOf(cell);
    // A wide character ends its run: fonts disagree about its width.
    if (look !== run.look || cell.getWidth() === 2 || run.text === '') {
      flush();
      run = {x, text: '', look};
    }
    run.text += cell.getChars() || ' ';
  }
  flush();
  return texts;
}

function lookOf(cell: xterm.IBufferCell): string {
  const color = cell.isFgPalette() ? (COLORS[cell.getFgColor() % 8] ?? TEXT) : TEXT;
  return [
    `fill="${color}"`,
    cell.isDim() ? 'opacity="0.6"' : '',
    cell.isBold() ? 'font-weight="bold"' : '',
    cell.isItalic() ? 'font-style="italic"' : '',
    cell.isUnderline() ? 'text-decoration="underline"' : '',
  ]
    .filter(Boolean)
    .join(' ');
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
