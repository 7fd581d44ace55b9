// A terminal's rows as an SVG picture, from the cells of a real emulator's buffer.
import type xterm from '@xterm/headless';

const CELL = {width: 8.4, height: 18};

/** What a terminal's settings say of its colours. */
interface Palette {
  readonly text: string;
  readonly background: string;
  /** The eight of SGR 30 to 37. */
  readonly colors: readonly string[];
}

export const PALETTES = {
  dark: {
    text: '#cdd6f4',
    background: '#1e1e2e',
    colors: ['#45475a', '#f38ba8', '#a6e3a1', '#f9e2af', '#89b4fa', '#f5c2e7', '#94e2d5', '#bac2de'],
  },
  light: {
    text: '#24292f',
    background: '#ffffff',
    colors: ['#24292f', '#cf222e', '#116329', '#7d4e00', '#0969da', '#8250df', '#1b7c83', '#6e7781'],
  },
} satisfies Record<string, Palette>;

/** Draws rows `first` to `last` (exclusive) of the buffer, and the cursor where it stands. */
export function terminalSvg(
  buffer: xterm.IBuffer,
  {columns, first, last}: {readonly columns: number; readonly first: number; readonly last: number},
  palette: Palette,
): string {
  const height = (last - first) * CELL.height + 20;
  const rows: string[] = [];
  for (let row = first; row < last; row += 1) {
    const line = buffer.getLine(row);
    if (line !== undefined) rows.push(...rowTexts(line, columns, palette, 10 + (row - first + 0.75) * CELL.height));
  }
  const cursor = buffer.baseY + buffer.cursorY - first;
  const caret = `<rect x="${10 + buffer.cursorX * CELL.width}" y="${12 + cursor * CELL.height}" width="${CELL.width}" height="${CELL.height - 3}" fill="${palette.text}" opacity="0.6"/>`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${columns * CELL.width + 20}" height="${height}" font-family="ui-monospace, Menlo, Consolas, monospace" font-size="14">`,
    `<rect width="100%" height="100%" rx="6" fill="${palette.background}"/>`,
    ...rows,
    caret,
    '</svg>\n',
  ].join('\n');
}

/** One text element for every run of cells that look alike. */
function rowTexts(line: xterm.IBufferLine, columns: number, palette: Palette, y: number): string[] {
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
    const look = lookOf(cell, palette);
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

function lookOf(cell: xterm.IBufferCell, {text, colors}: Palette): string {
  const color = cell.isFgPalette() ? (colors[cell.getFgColor() % 8] ?? text) : text;
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
