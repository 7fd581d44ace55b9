// How Markdown is read where models do not write CommonMark, or write what it would damage.
import {describe, expect, test} from 'vitest';
import {MarkdownStream} from '../../../src/ui/markdown/stream.ts';
import {createTheme} from '../../../src/ui/markdown/style.ts';
import {LINKED, markdownRows, PLAIN, seen} from '../../fixtures/markdown-rows.ts';

type Case = readonly [source: string, rows: readonly string[]];

function holds(cases: readonly Case[], theme = PLAIN, columns = 40): void {
  test.each(cases)('%j', (source, rows) => {
    expect(seen(markdownRows([source], columns, theme))).toEqual(rows);
    expect(seen(markdownRows([...source], columns, theme))).toEqual(rows);
  });
}

describe('stars, lines and tildes', () => {
  holds([
    ['*.js and *.ts', ['*.js and *.ts']],
    ['lib/*.ts, *.js, x/*', ['lib/*.ts, *.js, x/*']],
    ['/* a comment */', ['/* a comment */']],
    ['**src/** and *a* or **b**', ['src/ and a or b']],
    ['use **kwargs and **bold**', ['use **kwargs and bold']],
    ['a**b**c 2**3**4 f(x)*g(x)*h', ['a**b**c 2**3**4 f(x)*g(x)*h']],
    ['***both*** **a *b*** *x **y***', ['both a b x y']],
    ['***a** b*', ['a b']],
    ['a[0]*b[1]*c', ['a[0]*b[1]*c']],
    ['**「太字」**です *強調*', ['「太字」です 強調']],
    ['~~gone~~ a~b~c ~x~', ['gone a~b~c ~x~']],
    ['my_var_name and _em_', ['my_var_name and em']],
    ['*a `b*` c*', ['a b* c']],
  ]);
});

describe('backslashes', () => {
  holds([
    ['\\*a\\* 1\\. \\#x \\[y\\_', ['*a* 1. #x [y_']],
    ['C:\\dir\\*.txt and \\*a\\*', ['C:\\dir\\*.txt and *a*']],
    ['^\\s*\\[\\d+\\]\\.$', ['^\\s*\\[\\d+\\]\\.$']],
    ['\\\\host\\share_a\\_b', ['\\\\host\\share_a\\_b']],
    ['\\q \\: \\é', ['\\q \\: \\é']],
    ['ends with \\\nnext', ['ends with', 'next']],
    ['path C:\\tmp\\\nnext', ['path C:\\tmp\\', 'next']],
    ['| \\ | b |\n|---|---|\n| \\| | c |', ['\\ │ b', '──┼──', '| │ c']],
  ]);
});

describe('HTML', () => {
  holds([
    ['one<BR>two<br />three', ['one', 'two', 'three']],
    ['| a |\n|---|\n| x<br>y |', ['a', '─', 'x', 'y']],
    ['5 < 6 && 7 > 3 <b>x</b> <!-- c -->', ['5 < 6 && 7 > 3 <b>x</b> <!-- c -->']],
    ['<std::string> vector<int>', ['<std::string> vector<int>']],
    ['&#42;a&#42; &lt;br&gt; &amp;lt; &#x41;', ['*a* <br> &lt; A']],
    ['&AMP; &bogus; &constructor; & &;', ['& &bogus; &constructor; & &;']],
    ['a&#0;b&#xD800;c&#1114112;d', ['a\ufffdb\ufffdc\ufffdd']],
    ['a&#10;b&#13;c&#9;d&#8232;e', ['a bc  d e']],
    ['x&#x1b;]0;t&#7;&#x202e;&#x9b;y', ['x]0;ty']],
    ['```\n&lt;\n```', ['code', '&lt;']],
  ]);
});

describe('links', () => {
  holds(
    [
      ['[**bold** text](https://a.b)', ['{bold text|https://a.b}']],
      ['[a `]` b](https://a.b)', ['{a ] b|https://a.b}']],
      ['[x](https://a.b/c_(d) "title")', ['{x|https://a.b/c_(d)}']],
      ['[x](<https://a.b/c d>)', ['{x|https://a.b/c%20d}']],
      ['[x](https://a.b/?a=1&amp;b=2)', ['{x|https://a.b/?a=1&b=2}']],
      ['[x]() [y][z] [^1] [ ]', ['[x]() [y][z] [^1] [ ]']],
      ['[paypal.com](https://evil.example/)', ['{paypal.com|https://evil.example/} (https://evil.example/)']],
      ['[pay\u200bpal.com](https://e.example)', ['{pay\u200bpal.com|https://e.example} (https://e.example)']],
      ['[p．com](https://e.example)', ['{p．com|https://e.example} (https://e.example)']],
      ['[x](https://a.b@evil.example)', ['{x|https://a.b@evil.example} (https://a.b@evil.example)']],
      ['[x](https://bücher.example)', ['{x|https://b%C3%BCcher.example} (https://xn--bcher-kva.example)']],
      ['[me@a.example](mailto:me@a.example)', ['{me@a.example|mailto:me@a.example}']],
      ['[me@a.example](mailto:you@b.example)', ['{me@a.example|mailto:you@b.example} (mailto:you@b.example)']],
      ['[x](JavaScript:alert(1)) [y](#z)', ['x (JavaScript:alert(1)) y (#z)']],
      ['[x](data:text/html,hi) [y](//a.b)', ['x (data:text/html,hi) y (//a.b)']],
      ['[![alt](https://i.example/a.svg)](https://c.example)', ['{[image: alt]|https://c.example}']],
      [
        '(see https://a.b/c_(d)), https://e.f.',
        ['(see {https://a.b/c_(d)|https://a.b/c_(d)}), {https://e.f|https://e.f}.'],
      ],
      ['**https://a.b/x_y_z** 見https://a.b。次', ['{https://a.b/x_y_z|https://a.b/x_y_z} 見https://a.b。次']],
      ['https://аpple.com', ['{https://аpple.com|https://%D0%B0pple.com}', '(https://xn--pple-43d.com)']],
      ['http:// https://. xhttps://a.b', ['http:// https://. xhttps://a.b']],
      ['<https://a.b/c>. <a@b.c> <ftp://d.e>', ['{https://a.b/c|https://a.b/c}. {a@b.c|mailto:a@b.c} ftp://d.e']],
    ],
    LINKED,
  );

  test('a target that is too long for a terminal is text', () => {
    const long = `https://a.b/${'x'.repeat(2072)}`;
    const rows = seen(markdownRows([`[y](${long})`], 40, LINKED));
    expect(rows.join(' ')).toBe(`y (${long})`);
    expect(seen(markdownRows([`[y](${long.slice(0, 2083)})`], 40, LINKED))).toEqual([`{y|${long.slice(0, 2083)}}`]);
  });

  test('the parts of a label on several rows are one link, and links have numbers of their own', () => {
    const rows = markdownRows(['[some words that wrap](https://a.b) [c](https://d.e)'], 12, LINKED);
    expect(rows).toEqual([
      '\x1b]8;id=1;https://a.b\x1b\\\x1b[4msome words\x1b[0m\x1b]8;;\x1b\\',
      '\x1b]8;id=1;https://a.b\x1b\\\x1b[4mthat wrap\x1b[0m\x1b]8;;\x1b\\ \x1b]8;id=2;https://d.e\x1b\\\x1b[4mc\x1b[0m\x1b]8;;\x1b\\',
    ]);
  });

  test('addresses are links to themselves where labels do not hide their targets', () => {
    const theme = createTheme({color: true, unicode: true, hyperlinks: false, addresses: true});
    const rows = markdownRows(['[x](https://a.b) https://c.d'], 40, theme);
    expect(seen(rows)).toEqual(['x (https://a.b) {https://c.d|https://c.d}']);
  });
});

describe('mathematics', () => {
  holds([
    ['$$\nx^2\n$$\nend', ['  x²', 'end']],
    ['> \\[\n> x^2\n> \\]\nb', ['│   x²', 'b']],
    ['- \\[\n  x_i\n  \\]\n- b', ['•   xᵢ', '• b']],
    ['\\[\n\\begin{aligned}\na &= b \\\\\nc &= d\n\\end{aligned}\n\\]', ['  a = b', '  c = d']],
    ['$$\\begin{aligned}\na &= b\n\\end{aligned}$$', ['  a = b']],
    ['\\[\n\\begin{cases} *a* \\end{cases}\n\\]\nx', ['\\[', '\\begin{cases} *a* \\end{cases}', '\\]', 'x']],
    ['$$\nnever *closes*', ['$$', 'never closes']],
    ['\\[\nx', ['\\[', 'x']],
    ['$\\constructor$ and $x$', ['$\\constructor$ and x']],
    ['*$a*b$* and `$x$`', ['a*b and $x$']],
    ['[see $x^2$](#a)', ['see x² (#a)']],
    ['| $a|b$ |\n|---|\n| $P(A|B)$ |', ['a|b', '──────', 'P(A|B)']],
    ['$5 million, $x$, a$b$c, US$5', ['$5 million, x, a$b$c, US$5']],
  ]);

  test('too many lines or characters without an end are text again', () => {
    const lines = Array.from({length: 21}, (_, index) => `*l${index}*`);
    const shown = lines.map((line) => line.replaceAll('*', ''));
    expect(seen(markdownRows([`\\[\n${lines.join('\n')}\n\\]`], 40, PLAIN))).toEqual(['\\[', ...shown, '\\]']);
    const long = `*${'word '.repeat(500)}w*`;
    expect(seen(markdownRows([`$$\n${long}\n$$`], 4000, PLAIN))).toEqual(['$$', long, '$$']);
  });

  test('without UTF-8 every formula stays as it was written', () => {
    const theme = createTheme({color: true, unicode: false, hyperlinks: false});
    expect(seen(markdownRows(['$x^2$ \\(a_i\\)\n\\[\n\\alpha\n\\]'], 40, theme))).toEqual([
      '$x^2$ \\(a_i\\)',
      '\\[',
      '\\alpha',
      '\\]',
    ]);
  });

  test('a dollar waits for its closer, and is let go at the fourth letter of a word', () => {
    const stream = new MarkdownStream(12, PLAIN);
    expect(seen(stream.write('some words $5 mil'))).toEqual([]);
    expect(seen(stream.write('l'))).toEqual(['some words']);
  });

  test('a delimiter without its partner stays as it was written', () => {
    expect(seen(markdownRows(['a \\[ b \\) c \\( d'], 40, PLAIN))).toEqual(['a \\[ b \\) c \\( d']);
  });
});

describe('lists, quotes, headings', () => {
  holds([
    ['1. a\n\n   b\n1. c\n1. d', ['1. a', '', '   b', '2. c', '3. d']],
    ['1. a\n   ```py\n   x\n     y\n   ```\n1. b', ['1. a', '   py', 'x', '  y', '', '2. b']],
    ['1. a\n  - b\n1. c', ['1. a', '  • b', '2. c']],
    ['1. a\n\ntext\n\n1. b', ['1. a', '', 'text', '', '1. b']],
    ['1) a\n1. b\n2. c', ['1) a', '1. b', '2. c']],
    ['- a\nlazy\n\nout', ['• a', '  lazy', '', 'out']],
    ['- a\n  - b\n\n    c\n\n  d\n', ['• a', '  • b', '', '    c', '', '  d']],
    ['- ```sh\n  ls\n  ```\n- b', ['• sh', 'ls', '', '• b']],
    ['> - a\n>   b\n> 1. c\n> 1. d', ['│ • a', '│   b', '│ 1. c', '│ 2. d']],
    ['> ```sh\n> ls\n> ```\n> more', ['│ sh', '│ ls', '│ ', '│ more']],
    ['> ```sh\n> ls\nafter', ['│ sh', '│ ls', '', 'after']],
    ['> a | b\n> ---|---\n> 1 | 2', ['│ a │ b', '│ ──┼──', '│ 1 │ 2']],
    ['Title *em*\n=====\ntext', ['Title em', 'text']],
    ['> Title\n> ===\n> b', ['│ Title', '│ b']],
    ['# A #\n### B ###\n#tag\n## C#', ['A', 'B', '#tag', 'C#']],
    ['```\na\n```\n```\nb\n```', ['code', 'a', '', 'code', 'b']],
  ]);

  test('levels of headings differ by weight and line, never by colour alone', () => {
    expect(markdownRows(['# a\n## b\n### c\nd\n=='], 40, PLAIN)).toEqual([
      '\x1b[1;4ma\x1b[0m',
      '\x1b[1mb\x1b[0m',
      '\x1b[1;2mc\x1b[0m',
      '\x1b[1;4md\x1b[0m',
    ]);
  });

  test('without colour every distinction is there', () => {
    const theme = createTheme({color: false, unicode: true, hyperlinks: true});
    const source = '# A\nB\n===\n`b` [c](https://d.e) **x**\n```\ny\n```';
    expect(seen(markdownRows([source], 60, theme))).toEqual([
      '# A',
      '# B',
      '`b` {c|https://d.e} (https://d.e) x',
      'code',
      'y',
    ]);
  });
});

describe('tables', () => {
  holds([
    ['a | b\n---|---\n1 | 2\nend', ['a │ b', '──┼──', '1 │ 2', 'end']],
    ['a | b\n---\nc', ['a | b', '────────', 'c']],
    ['| a | b |\n|---|---|\n| 1 | 2 | 3 |', ['a │ b', '──┼──────', '1 │ 2 | 3']],
    ['| a |\n|:-:|\n| b\\|c |', [' a', '───', 'b|c']],
  ]);
  holds(
    [
      [
        '| a | b |\n|---|---|\n| one two three | four five six |',
        ['a         │ b', '──────────┼───────────', 'one two   │ four five', 'three     │ six'],
      ],
    ],
    PLAIN,
    22,
  );
});

describe('long words', () => {
  const word = 'x'.repeat(50);
  holds(
    [
      [`a ${word} b`, ['a', `${word} b`]],
      [`- ${word}`, [`• ${word}`]],
      [`${'x'.repeat(40)} b`, ['x'.repeat(40), 'b']],
      [`${'x'.repeat(60)} b`, ['x'.repeat(60), 'b']],
      [`${'x'.repeat(58)} bc`, ['x'.repeat(58), 'bc']],
      [`${word}👍 b`, [`${word}👍 b`]],
      [`${'日本'.repeat(8)}`, ['日本日本日本日本日本', '日本日本日本']],
      [`${'กขค'.repeat(10)}`, ['กขคกขคกขคกขคกขคกขคกข', 'คกขคกขคกขค']],
    ],
    PLAIN,
    20,
  );

  test('where the terminal is wider than the rows, text goes on where it has wrapped the word', () => {
    const stream = new MarkdownStream(18, PLAIN, undefined, 2);
    expect(seen([...stream.write(`${'x'.repeat(38)} b`), ...stream.end()])).toEqual(['x'.repeat(38), 'b']);
    const other = new MarkdownStream(18, PLAIN, undefined, 2);
    expect(seen([...other.write(`${'x'.repeat(44)} b`), ...other.end()])).toEqual([`${'x'.repeat(44)} b`]);
  });

  test('in the tail it is cut into rows, as those must be narrower than the terminal', () => {
    const stream = new MarkdownStream(20, PLAIN);
    stream.write(`ab ${'x'.repeat(45)}`);
    expect(seen(stream.tail(8))).toEqual(['x'.repeat(20), 'x'.repeat(20), 'xxxxx']);
  });
});
