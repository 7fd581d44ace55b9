import {expect, test} from 'vitest';
import {width, withoutStyles} from '../../../src/base/cells/graphemes.ts';
import {EngineError} from '../../../src/base/errors.ts';
import {MarkdownStream} from '../../../src/ui/markdown/stream.ts';
import {
  bareTheme,
  createTheme,
  hyperlink,
  joinRows,
  paint,
  render,
  rowText,
  rowTexts,
} from '../../../src/ui/markdown/style.ts';
import {endRows, errorRows} from '../../../src/ui/rows/end-row.ts';
import {statusRow} from '../../../src/ui/rows/status-line.ts';
import {foldedRows, questionRows, toolCallRow, toolResultRow} from '../../../src/ui/rows/tool-rows.ts';
import {transcriptRows, userRows} from '../../../src/ui/rows/transcript.ts';
import {DRIVES, HOSTILE} from '../../fakes/hostile-text.ts';

/** Without styles and links no escape is ours. */
const theme = bareTheme(true);

test('a row is one line in which only this program has written escapes', () => {
  expect(paint('a\u001b[31mb\u009bc\nd', '1')).toBe('\u001b[1ma[31mbc d\u001b[0m');
  expect(paint('\u001b', '1')).toBe('');
  expect(joinRows([paint('a\r', ''), paint('b\u202e', '')], paint(' ', ''))).toBe('a b');
  expect(rowText('a\tb\n c')).toBe('a   b c');
  expect(rowTexts('a\r\nb\u2028c\n')).toEqual(['a', 'b', 'c', '']);
});

test('the address of a link is percent-encoded, whatever it holds', () => {
  const link = (address: string) => hyperlink(paint('x', ''), {target: address, id: 7}).split('\u001b')[1];
  expect(link('https://a.b/c?d=e#f')).toBe(']8;id=7;https://a.b/c?d=e#f');
  expect(link('https://a.b/\u001b\\\u001b]52;c;aGk=\u0007')).toBe(']8;id=7;https://a.b/%1B\\%1B]52;c;aGk=%07');
  expect(link('https://a.b/Käse\ud800')).toBe(']8;id=7;https://a.b/K%C3%A4se%EF%BF%BD');
  expect(render([{text: 'x', style: '', link: {target: '\u009c', id: 1}}])).toBe(
    '\u001b]8;id=1;%C2%9C\u001b\\x\u001b]8;;\u001b\\',
  );
});

test('the separators of lines and paragraphs end a row of prose', () => {
  const stream = new MarkdownStream(40, theme);
  expect([...stream.write('one\u2028two\u2029three'), ...stream.end()]).toEqual(['one', 'two', 'three']);
});

const call = (evil: string) => ({id: 'a', name: evil, arguments: `{"${evil}":"${evil}"}`, problem: evil});
const status = (evil: string) => ({
  phase: {kind: 'working' as const, what: evil},
  ...{model: evil, used: 0, limit: undefined, temperature: 0, seed: undefined, queued: 0, notice: undefined},
});
const finish = (evil: string) => ({
  ...{type: 'finish' as const, reason: 'stop' as const, stop: evil, seed: 1},
  usage: {promptTokens: 1, cachedTokens: 0, completionTokens: 1},
  timings: {firstTokenMs: 1, promptMs: 1, generationMs: 1, promptTokensPerSecond: 1, tokensPerSecond: 1},
});

/** Every maker of rows, given a foreign text in each place that takes one; as wide as 40 cells where it cuts. */
const MAKERS: Readonly<Record<string, (evil: string) => readonly string[]>> = {
  call: (evil) => [toolCallRow(call(evil), 40, theme)],
  result: (evil) => [toolResultRow(evil.repeat(9), 40, theme)],
  question: (evil) => questionRows(call(evil.repeat(9)), evil.repeat(9), 40, theme),
  folded: (evil) => foldedRows(evil, theme),
  user: (evil) => userRows(evil, {columns: 40, theme}),
  error: (evil) => errorRows(new EngineError('io', evil, {hint: evil}), theme),
  status: (evil) => [statusRow(status(evil.repeat(9)), 42, theme)],
  notice: (evil) => [statusRow({...status('x'), notice: evil.repeat(9)}, 42, theme)],
  end: (evil) => endRows({finish: finish(evil), elapsedMs: 0, continuable: true}, 'full', 200, theme),
  transcript: (evil) =>
    transcriptRows(
      [
        {role: 'user', content: evil},
        {role: 'assistant', content: evil, toolCalls: [call(evil)]},
        {role: 'tool', content: evil, name: evil, toolCallId: 'a'},
      ],
      {columns: 40, theme, highlight: () => undefined},
    ),
  prose: (evil) => answer(`some ${evil.repeat(20)} words`),
  heading: (evil) => answer(`# ${evil}\n- **${evil}**\n> ${evil}`),
  link: (evil) => answer(`[${evil}](https://x/${evil})`),
  table: (evil) => answer(`|a${evil}|b|\n|-|-|\n|${evil}|c|`),
  code: (evil) => answer(`\`\`\`${evil}\n${evil}\n\`\`\``),
};

function answer(text: string): string[] {
  const rows: string[] = [];
  const stream = new MarkdownStream(40, theme);
  for (const unit of text.split('')) {
    rows.push(...stream.write(unit));
    const tail = stream.tail(9);
    expect(Math.max(0, ...tail.map((row) => width(withoutStyles(row))))).toBeLessThanOrEqual(40);
    rows.push(...tail);
  }
  return [...rows, ...stream.end()];
}

for (const [name, rows] of Object.entries(MAKERS)) {
  test.each(HOSTILE)(`${name}: %j cannot drive the terminal`, (evil) => {
    const made = rows(`a${evil}b`);
    expect(made.join('')).not.toMatch(DRIVES);
    const cuts = ['call', 'result', 'question', 'status', 'notice'].includes(name);
    if (cuts) expect(Math.max(...made.map((row) => width(withoutStyles(row))))).toBeLessThanOrEqual(40);
  });
}

test('no style has a colour that some background swallows: blue, black, white and their bright ones', () => {
  const colours = createTheme({color: true, unicode: true, hyperlinks: true});
  const scopes =
    'keyword built_in type title title.function string regexp number literal comment attr meta addition deletion';
  const styles = [
    ...Object.values(colours).filter((value): value is string => typeof value === 'string'),
    ...colours.headings,
    ...scopes.split(' ').map((scope) => colours.token(scope)),
  ];
  expect(styles).toContain('35');
  const swallowed = styles.filter((style) => style.split(';').some((part) => /^(?:30|34|37|90|94|97)$/.test(part)));
  expect(swallowed).toEqual([]);
});
