// What holds for any text that a model writes, in whatever pieces it comes.
import fc from 'fast-check';
import {expect, test} from 'vitest';
import {graphemes, width, withoutStyles} from '../../../src/base/cells/graphemes.ts';
import {MarkdownStream} from '../../../src/ui/markdown/stream.ts';
import {createTheme} from '../../../src/ui/markdown/style.ts';
import {DRIVES, HOSTILE} from '../../fakes/hostile-text.ts';
import {LINKED, markdownRows, PLAIN} from '../../fixtures/markdown-rows.ts';

const COLOURLESS = createTheme({color: false, unicode: false, hyperlinks: true});

/** What begins, ends or splits something in Markdown, and text between. */
const parts = fc.constantFrom(
  ...['*', '**', '_', '~~', '`', '```', '~~~\n', '[', '](', ')', '![', '<', '>', '<br>', '\\', '\\\\', '\\(', '\\)'],
  ...['\\[\n', '\\]\n', '$', '$$', '$$\n', '\\frac', '{a}', '^2', '_i', '\\begin{aligned}', '&', '&amp;', '&#27;', ';'],
  ...[
    '|',
    '|-|\n',
    '---|---\n',
    '| a | b |\n',
    'a | b\n',
    '\n',
    '\n\n',
    ' ',
    '  ',
    '\t',
    '# ',
    '## ',
    ' ##',
    '===\n',
    '---\n',
  ],
  ...[
    '- ',
    '  - ',
    '1. ',
    '> ',
    '>> ',
    'https://',
    'a.b/c',
    '@',
    '"',
    'http',
    'a',
    'bc',
    'word',
    '5',
    '日本',
    'น้ำ',
    '\u0301',
  ],
  ...['👩\u200d👩', '🇫', '\u200b', '/', '.', ',', 'x'.repeat(30), '\u2028'],
);
const text = fc.array(parts, {maxLength: 50}).map((chosen) => chosen.join(''));
const hostile = fc
  .array(fc.oneof(parts, fc.constantFrom(...HOSTILE)), {maxLength: 30})
  .map((chosen) => chosen.join(''));
const columns = fc.integer({min: 1, max: 50});
const theme = fc.constantFrom(PLAIN, LINKED, COLOURLESS);

test('rows do not depend on how the text was cut', () => {
  fc.assert(
    fc.property(text, fc.array(fc.nat(300)), columns, theme, (source, cuts, size, look) => {
      const edges = [0, ...cuts.map((cut) => Math.min(cut, source.length)).sort((a, b) => a - b), source.length];
      const pieces = edges.slice(1).map((edge, index) => source.slice(edges[index], edge));
      const whole = markdownRows([source], size, look);
      expect(markdownRows(pieces, size, look)).toEqual(whole);
      expect(markdownRows(source.split(''), size, look)).toEqual(whole);
    }),
    {numRuns: 600},
  );
});

test('live rows are narrower than the terminal, and looking at them changes nothing', () => {
  fc.assert(
    fc.property(text, columns, theme, (source, size, look) => {
      const stream = new MarkdownStream(size, look);
      const rows: string[] = [];
      for (const unit of source.split('')) {
        rows.push(...stream.write(unit));
        const tail = stream.tail(8);
        expect(stream.tail(8)).toEqual(tail);
        expect(tail.length).toBeLessThanOrEqual(8);
        // A single cluster may be wider than a terminal of one column.
        const wide = tail.filter((row) => width(row) > size && graphemes(withoutStyles(row)).length > 1);
        expect(wide).toEqual([]);
      }
      expect([...rows, ...stream.end()]).toEqual(markdownRows([source], size, look));
    }),
    {numRuns: 200},
  );
});

test('nothing that drives a terminal passes', () => {
  fc.assert(
    fc.property(hostile, columns, theme, (source, size, look) => {
      const stream = new MarkdownStream(size, look);
      const rows: string[] = [];
      for (const unit of source.split('')) rows.push(...stream.write(unit), ...stream.tail(8));
      rows.push(...stream.end());
      const own = /\x1b\[[\d;]*m|\x1b\]8;(?:id=\d+)?;[!-~]*\x1b\\/g;
      expect(rows.map((row) => row.replaceAll(own, '')).join('')).not.toMatch(DRIVES);
      // Whatever a row opens it closes.
      for (const row of rows) {
        const opened = row.match(/\x1b\]8;id=\d+;[!-~]+\x1b\\/g)?.length ?? 0;
        expect(row.match(/\x1b\]8;;\x1b\\/g)?.length ?? 0).toBe(opened);
      }
    }),
    {numRuns: 300},
  );
});

test('a block of code is copied byte for byte, whatever is in it and around it', () => {
  const line = fc.array(parts, {maxLength: 6}).map((chosen) => chosen.join('').replaceAll(/[\n\u2028]|&#27;/g, ''));
  const code = fc.array(
    line.filter((one) => !/^[ \t]*~{4,}/.test(one)),
    {maxLength: 6},
  );
  fc.assert(
    fc.property(code, line, columns, theme, (lines, info, size, look) => {
      const language = info.replaceAll(/[`~|\s]/g, '');
      const source = `text\n\n~~~~${language}\n${lines.map((one) => `${one}\n`).join('')}~~~~\n`;
      const rows = markdownRows([source], size, look).map(withoutStyles);
      expect(rows.slice(3)).toEqual(lines);
    }),
    {numRuns: 300},
  );
});

test('what is out and what is live are together what it would be if the text ended here', () => {
  const words = fc.constantFrom(
    'alpha',
    '**b**',
    '*c d*',
    '`e`',
    '$x^2$',
    '[f](https://a.b)',
    'naïve',
    '日本',
    '&amp;',
    'g',
  );
  const prose = fc.array(words, {minLength: 1, maxLength: 12}).map((chosen) => `So ${chosen.join(' ')}`);
  fc.assert(
    fc.property(prose, fc.integer({min: 8, max: 40}), (source, size) => {
      const stream = new MarkdownStream(size, PLAIN);
      const rows: string[] = [];
      source.split('').forEach((unit, index) => {
        rows.push(...stream.write(unit));
        // Long words are cut in live rows, so rows are not compared.
        const letters = (shown: readonly string[]) => shown.map(withoutStyles).join('').replaceAll(/\s/g, '');
        const ended = letters(markdownRows([source.slice(0, index + 1)], size, PLAIN));
        expect(letters([...rows, ...stream.tail(100)])).toBe(ended);
      });
    }),
    {numRuns: 150},
  );
});
