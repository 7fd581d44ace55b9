// Markdown and mathematics of models as the rows that a reader should see: test/goldens/screen-*.json.
import {describe, expect, test} from 'vitest';
import {MarkdownStream} from '../../../src/ui/markdown/stream.ts';
import {createTheme} from '../../../src/ui/markdown/style.ts';
import markdown from '../../goldens/screen-markdown.json' with {type: 'json'};
import maths from '../../goldens/screen-maths.json' with {type: 'json'};

/** Rows without styles; a hyperlink is `{label|target}`. */
function seen(rows: readonly string[]): string[] {
  return rows.map((row) =>
    row.replaceAll(/\x1b\[[\d;]*m/g, '').replaceAll(/\x1b\]8;id=\d+;([^\x1b]+)\x1b\\(.*?)\x1b\]8;;\x1b\\/g, '{$2|$1}'),
  );
}

function rowsOf(pieces: readonly string[], columns: number, theme: ReturnType<typeof createTheme>): string[] {
  const stream = new MarkdownStream(columns, theme);
  return seen([...pieces.flatMap((piece) => stream.write(piece)), ...stream.end()]);
}

describe('Markdown', () => {
  test.each(markdown)('$name', ({input, columns, hyperlinks, color, rows}) => {
    const theme = createTheme({color, unicode: true, hyperlinks});
    expect(rowsOf([input], columns, theme)).toEqual(rows);
    expect(rowsOf([...input], columns, theme)).toEqual(rows);
  });
});

describe('mathematics', () => {
  /** These hold no formula, and an escape of Markdown, which is read as one. */
  const escaped: Readonly<Record<string, string>> = {
    'regex ^\\$[0-9]+$ stays, cost: \\$5 and \\$6': 'regex ^$[0-9]+$ stays, cost: $5 and $6',
    '$\\# S$': '$# S$',
  };

  test.each(maths)('$input', ({input, output}) => {
    const theme = createTheme({color: true, unicode: true, hyperlinks: false});
    expect(rowsOf([input], 200, theme)).toEqual([escaped[input] ?? output]);
    expect(rowsOf([...input], 200, theme)).toEqual([escaped[input] ?? output]);
  });
});
