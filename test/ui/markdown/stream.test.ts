import fc from 'fast-check';
import {expect, test} from 'vitest';
import {width} from '../../../src/base/cells/graphemes.ts';
import {MarkdownStream} from '../../../src/ui/markdown/stream.ts';
import {createTheme} from '../../../src/ui/markdown/style.ts';

const plain = createTheme({color: true, unicode: true, hyperlinks: false});
const colored = createTheme({color: true, unicode: true, hyperlinks: true});

function rows(source: string | readonly string[], columns = 40, theme = plain): string[] {
  const stream = new MarkdownStream(columns, theme);
  const parts = typeof source === 'string' ? [source] : source;
  return [...parts.flatMap((part) => stream.write(part)), ...stream.end()];
}

/** What a reader sees: no escapes. */
function seen(lines: readonly string[]): string[] {
  return lines.map((line) => line.replaceAll(/\x1b\[[\d;]*m|\x1b\]8;[^\x1b]*\x1b\\/g, ''));
}

test.each<[string, string, string[]]>([
  [
    'a paragraph is wrapped at words',
    'the quick brown fox jumps over the lazy dog again',
    ['the quick brown fox jumps over the lazy', 'dog again'],
  ],
  ['heading', '## A *big* one\ntext', ['A big one', 'text']],
  [
    'bullets hang',
    '- one two three four five six seven eight nine\n  * inner',
    ['• one two three four five six seven', '  eight nine', '  • inner'],
  ],
  ['numbers stay', '12. twelve', ['12. twelve']],
  ['a number alone is text', '1984', ['1984']],
  ['quote', '> said **she**\n>> deeper', ['│ said she', '│ │ deeper']],
  ['rule', 'a\n\n---\nb', ['a', '', '────────', 'b']],
  [
    'code is printed whole and as it is',
    '```ts\nconst a = "**b**";   \n\n  x\n```\nafter',
    ['ts', 'const a = "**b**";   ', '', '  x', '', 'after'],
  ],
  ['an indented fence takes its indent away', '  ~~~\n  a\n    b\n  ~~~', ['code', 'a', '  b']],
  ['a shorter fence does not close', '````\n```\n````\nx', ['code', '```', '', 'x']],
  ['an unfinished fence', '```py\nx = 1', ['py', 'x = 1']],
  ['inline marks', 'a **b** *c* __d__ _e_ ~~f~~ `g*` ***h***', ['a b c d e f g* h']],
  [
    'marks without partner stay',
    '2 * 3 * 4, a_b_c, **open, `tick, [x, 5 ~ 6',
    ['2 * 3 * 4, a_b_c, **open, `tick, [x, 5 ~', '6'],
  ],
  ['code in emphasis hides its stars', '**a `b** c` d**', ['a b** c d']],
  ['escapes', '\\*not\\* \\a', ['*not* \\a']],
  ['a link without hyperlinks shows its address', 'see [docs](http://x.y/z_(a)).', ['see docs (http://x.y/z_(a)).']],
  ['a long word is written whole', 'x'.repeat(45), ['x'.repeat(45)]],
  ['blank lines stay', 'a\n\n\nb', ['a', '', '', 'b']],
  [
    'wide text breaks between characters, not before a full stop',
    `${'日'.repeat(20)}。本`,
    ['日'.repeat(19), '日。本'],
  ],
  ['bars without a delimiter row are text', '| a\nb', ['| a', 'b']],
])('%s', (_, source, expected) => {
  expect(seen(rows(source))).toEqual(expected);
});

test('a table is aligned once it is complete, and turned when it is too wide', () => {
  const source = '| name | n |\n|:--|--:|\n| `a|b` | 1 |\n| c | 22 |\nend';
  expect(seen(rows(source))).toEqual(['name │  n', '─────┼───', 'a|b  │  1', 'c    │ 22', 'end']);
  expect(seen(rows(source, 8))).toEqual(['name:', '  a|b', 'n: 1', '', 'name: c', 'n: 22', 'end']);
});

test('styles and hyperlinks are escapes around the text', () => {
  expect(rows('**b** [t](http://u) `c`', 40, colored)).toEqual([
    '\x1b[1mb\x1b[0m \x1b]8;id=1;http://u\x1b\\\x1b[4mt\x1b[0m\x1b]8;;\x1b\\ \x1b[36mc\x1b[0m',
  ]);
});

test('the tail shows the unfinished line with its marks resolved', () => {
  const stream = new MarkdownStream(12, plain);
  expect(stream.write('some words and **bo')).toEqual(['some words']);
  expect(seen(stream.tail(8))).toEqual(['and **bo']);
  stream.write('ld** x');
  expect(seen(stream.tail(8))).toEqual(['and bold x']);
});

test('a line that never ends is committed as it comes and its tail stays small', () => {
  const stream = new MarkdownStream(40, plain);
  let committed = 0;
  for (let count = 0; count < 1500; count += 1) {
    committed += stream.write('word **unclosed ').length;
    expect(stream.tail(100).length).toBeLessThan(16);
  }
  expect(committed).toBeGreaterThan(450);
});

test('the unfinished line is wrapped anew when the width changes, nothing is lost or doubled', () => {
  const stream = new MarkdownStream(30, plain);
  const shown = [
    ...stream.write('- one two three four five si'),
    ...stream.resize(12),
    ...stream.write('x seven eight'),
    ...stream.end(),
  ];
  expect(seen(shown)).toEqual(['• one two', '  three four', '  five six', '  seven', '  eight']);
});

test('a line of code that never ends is printed in parts that lose nothing', () => {
  const source = `\`\`\`\n${'x👍'.repeat(5000)}\n\`\`\``;
  expect(rows(source).slice(1).join('')).toBe('x👍'.repeat(5000));
});

/** A document together with the text that a reader should see, whatever the marks. */
const word = fc.constantFrom(
  'alpha',
  'b',
  'naïve',
  '日本',
  '👩‍👩‍👧',
  'x1',
  'e\u0301tude',
  'see',
  'longlonglonglonglonglongword',
);
const words = fc.array(word, {minLength: 1, maxLength: 5}).map((parts) => parts.join(' '));
const span = fc.oneof(
  words.map((text) => [text, text]),
  words.map((text) => [`**${text}**`, text]),
  words.map((text) => [`*${text}*`, text]),
  words.map((text) => [`\`${text}\``, text]),
  words.map((text) => [`~~${text}~~`, text]),
  words.map((text) => [`[${text}](http://a.b/c)`, text]),
);
const inline = fc
  .array(span, {minLength: 1, maxLength: 5})
  .map((parts) => [0, 1].map((side) => parts.map((part) => part[side]).join(' ')));
const block = fc.oneof(
  inline,
  inline.map(([source, text]) => [`# ${source}`, text]),
  inline.map(([source, text]) => [`- ${source}`, `•${text}`]),
  inline.map(([source, text]) => [`3. ${source}`, `3.${text}`]),
  words.map((text) => [`\`\`\`\n**${text}**\n\`\`\``, `code**${text}**`]),
  fc.constant(['', '']),
);
const page = fc
  .array(block, {maxLength: 6})
  .map((blocks) => [0, 1].map((side) => blocks.map((part) => part[side]).join('\n')));
/** Without spaces, and without the numbers of lists, which count up. */
const bare = (text: string) => text.replaceAll(/^\d+\./gm, '').replaceAll(/\s/g, '');

test('markup goes, text stays, and a row is wider than the terminal only for one long word', () => {
  fc.assert(
    fc.property(page, fc.integer({min: 12, max: 60}), ([source = '', text = ''], columns) => {
      const shown = seen(rows(source, columns, colored));
      expect(bare(shown.join('\n'))).toBe(bare(text));
      if (!source.includes('```'))
        for (const row of shown) expect(width(row) <= columns || /\w{28}/.test(row)).toBe(true);
    }),
    {numRuns: 300},
  );
});

test('any split of the text gives the same rows', () => {
  const marks = fc.constantFrom(
    '*',
    '**',
    '_',
    '`',
    '```',
    '[',
    '](',
    ')',
    '~~',
    '\\',
    '|',
    '|-|\n',
    '\n',
    ' ',
    '# ',
    '- ',
    '> ',
    '1. ',
    'a',
    'bc',
    '日',
    '\u0301',
    '🇫',
    '\t',
  );
  const source = fc.oneof(
    page.map(([text = '']) => text),
    fc.array(marks, {maxLength: 60}).map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(source, fc.array(fc.nat(200)), fc.integer({min: 1, max: 50}), (text, cuts, columns) => {
      const edges = [0, ...cuts.map((cut) => Math.min(cut, text.length)).sort((a, b) => a - b), text.length];
      const parts = edges.slice(1).map((edge, index) => text.slice(edges[index], edge));
      expect(rows(parts, columns)).toEqual(rows(text, columns));
      expect(rows(Array.from(text), columns)).toEqual(rows(text, columns));
    }),
    {numRuns: 300},
  );
});

test('resizing on the way loses and doubles nothing', () => {
  fc.assert(
    fc.property(
      page,
      fc.array(fc.tuple(fc.nat(300), fc.integer({min: 4, max: 60})), {maxLength: 6}),
      ([source = '', text = ''], sizes) => {
        const stream = new MarkdownStream(40, plain);
        const shown: string[] = [];
        Array.from(source).forEach((character, index) => {
          shown.push(...stream.write(character));
          for (const [at, columns] of sizes) if (at === index) shown.push(...stream.resize(columns));
        });
        const left = bare(seen([...shown, ...stream.end()]).join('\n'));
        expect(left.replaceAll('(http://a.b/c)', '')).toBe(bare(text));
      },
    ),
    {numRuns: 300},
  );
});
