import {expect, test} from 'vitest';
import {DEFAULT_WIDTHS} from '../../../../src/base/cells/width-by-class.ts';
import {questionFor, widthsFrom} from '../../../../src/ui/screen/draw/handshake.ts';

/** Reports of a terminal in which the probes took these cells. */
const reports = (...cells: number[]) => cells.map((count) => ({type: 'cursor' as const, row: 3, column: count + 1}));

test('all is asked in one go, and the row of the probes is empty again', () => {
  const question = questionFor('xterm-256color', 80);
  expect(question?.reports).toBe(10);
  expect(question?.before).toBe(
    '\x1b[?2026h\x1b7\x1b[?u\x1b8\x1b]11;?\x1b\\\x1b[>q' +
      '\r\u0e19\u0e33\x1b[6n\r\u0939\u093f\x1b[6n\r\u0928\u094d\u0926\x1b[6n\r\u1112\u1161\u11ab\x1b[6n' +
      '\r\u2764\ufe0f\x1b[6n\r\u{1f44d}\u{1f3fd}\x1b[6n\r\u{1f468}\u200d\u{1f469}\x1b[6n\r\u{1f1eb}\u{1f1f7}\x1b[6n' +
      '\r\u03b1\x1b[6n\r\u{1fae8}\x1b[6n\r\x1b[K',
  );
  expect(question?.after).toBe('\x1b[c');
});

test.each([undefined, '', 'dumb', 'linux', 'eterm-color', 'eterm', 'cons25', 'cons25w'])(
  '%s is asked nothing',
  (term) => {
    expect(questionFor(term, 80)).toBeUndefined();
  },
);

test.each(['xterm', 'tmux-256color', 'screen', 'foot', 'linux-16color'])('%s is asked', (term) => {
  expect(questionFor(term, 80)?.reports).toBe(10);
});

test('a terminal too narrow for the probes is asked all else', () => {
  expect(questionFor('xterm', 11)).toMatchObject({
    before: '\x1b[?2026h\x1b7\x1b[?u\x1b8\x1b]11;?\x1b\\\x1b[>q\r\x1b[K',
    reports: 0,
  });
  expect(questionFor('xterm', 12)?.reports).toBe(10);
});

test.each([
  ['xterm 379', [2, 2, 2, 2, 1, 4, 4, 2, 1, 1], {newEmoji: 1}],
  ['foot 1.13', [2, 2, 2, 2, 1, 4, 4, 2, 1, 0], {newEmoji: 0}],
  ['kitty 0.26', [2, 1, 2, 4, 2, 2, 4, 2, 1, 2], {vowelSign: 0, jamo: 1, selectorWidens: true, skinTone: 0}],
  [
    'mode 2027',
    [1, 1, 1, 2, 2, 2, 2, 2, 1, 2],
    {
      saraAm: 0,
      vowelSign: 0,
      conjunctAdds: false,
      selectorWidens: true,
      skinTone: 0,
      joinerMerges: true,
    },
  ],
  ['flags of four, ambiguous wide', [2, 2, 2, 2, 1, 4, 4, 4, 2, 2], {flag: 4, ambiguous: 2}],
  ['VTE', [2, 2, 2, 2, 1, 4, 4, 2, 1, 2], {}],
])('the widths of %s', (_, cells, own) => {
  expect(widthsFrom(reports(...cells))).toEqual({...DEFAULT_WIDTHS, ...own});
});

test('answers that cannot be to these questions are thrown away, all of them', () => {
  const good = reports(2, 2, 2, 2, 1, 4, 4, 2, 1, 1);
  expect(widthsFrom(good)).toBeDefined();
  expect(widthsFrom(good.slice(1))).toBeUndefined();
  expect(widthsFrom([])).toBeUndefined();
  expect(widthsFrom([...good, ...good])).toBeUndefined();
  expect(widthsFrom(good.with(4, {type: 'cursor', row: 4, column: 2}))).toBeUndefined();
  expect(widthsFrom(good.with(9, {type: 'cursor', row: 3, column: 13}))).toBeUndefined();
  expect(widthsFrom(good.with(9, {type: 'cursor', row: 3, column: 0}))).toBeUndefined();
});

test('GNU screen, which would answer it too late, is not asked for its background', () => {
  expect(questionFor('screen.xterm-256color', 80)?.before).not.toContain('11;?');
});
