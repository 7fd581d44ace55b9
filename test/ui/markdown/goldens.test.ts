// Markdown and mathematics of models as the rows that a reader should see: test/goldens/screen-*.json.
import {describe, expect, test} from 'vitest';
import {createTheme} from '../../../src/ui/markdown/style.ts';
import {markdownRows, PLAIN, seen} from '../../fixtures/markdown-rows.ts';
import markdown from '../../goldens/screen-markdown.json' with {type: 'json'};
import maths from '../../goldens/screen-maths.json' with {type: 'json'};

describe('Markdown', () => {
  test.each(markdown)('$name', ({input, columns, hyperlinks, color, rows}) => {
    const theme = createTheme({color, unicode: true, hyperlinks});
    expect(seen(markdownRows([input], columns, theme))).toEqual(rows);
    expect(seen(markdownRows([...input], columns, theme))).toEqual(rows);
  });
});

describe('mathematics', () => {
  /** These hold no formula, and an escape of Markdown, which is read as one. */
  const escaped: Readonly<Record<string, string>> = {
    'regex ^\\$[0-9]+$ stays, cost: \\$5 and \\$6': 'regex ^$[0-9]+$ stays, cost: $5 and $6',
    '$\\# S$': '$# S$',
  };

  test.each(maths)('$input', ({input, output}) => {
    expect(seen(markdownRows([input], 200, PLAIN))).toEqual([escaped[input] ?? output]);
    expect(seen(markdownRows([...input], 200, PLAIN))).toEqual([escaped[input] ?? output]);
  });
});
