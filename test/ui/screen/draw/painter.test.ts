import {expect, test} from 'vitest';
import {joinRows, paint} from '../../../../src/ui/markdown/style.ts';
import {Painter} from '../../../../src/ui/screen/draw/painter.ts';
import {rowsOf} from '../../../fakes/rows.ts';

function painter(): {painter: Painter; written: () => string} {
  let text = '';
  const made = new Painter((part) => {
    text += part;
  });
  return {
    painter: made,
    written: () => {
      const all = text;
      text = '';
      return all;
    },
  };
}

test('rows that do not change are not written again', () => {
  const {painter: live, written} = painter();
  live.draw([], rowsOf('one', 'two', '> '), {row: 2, column: 2});
  written();
  live.draw([], rowsOf('one', 'two', '> '), {row: 2, column: 2});
  expect(written()).toBe('');
  live.draw([], rowsOf('one', '2', '> '), {row: 2, column: 2});
  expect(written()).toBe('\x1b[?2026h\x1b[?25l\x1b[1A\r2\x1b[K\x1b[1B\x1b[3G\x1b[?25h\x1b[?2026l');
});

test('a row that grew is written from where it grew', () => {
  const {painter: live, written} = painter();
  live.draw([], rowsOf('some wor', '> '), {row: 1, column: 2});
  written();
  live.draw([], rowsOf('some words', '> '), {row: 1, column: 2});
  expect(written()).toBe('\x1b[?2026h\x1b[?25l\x1b[1A\x1b[9Gds\x1b[1B\x1b[3G\x1b[?25h\x1b[?2026l');
});

test('finished rows take the place of the live ones, which follow below', () => {
  const {painter: live, written} = painter();
  live.draw([], rowsOf('tail', '> '), {row: 1, column: 2});
  written();
  live.draw(rowsOf('done'), rowsOf('> '), {row: 0, column: 2});
  expect(written()).toBe('\x1b[?2026h\x1b[?25l\x1b[1A\r\x1b[Jdone\r\n> \x1b[3G\x1b[?25h\x1b[?2026l');
});

test('rows that are gone are cleared, nothing above them', () => {
  const {painter: live, written} = painter();
  live.draw([], rowsOf('a', 'b', 'c'), {row: 0, column: 0});
  written();
  live.draw([], rowsOf('a'), {row: 0, column: 0});
  expect(written()).toBe('\x1b[?2026h\x1b[?25l\r\x1b[B\x1b[J\x1b[A\x1b[1G\x1b[?25h\x1b[?2026l');
  live.clear();
  expect(written()).toBe('\r\x1b[J\x1b[?25h');
  live.clear();
  expect(written()).toBe('');
});

test('a narrower terminal has wrapped the rows above the cursor: it goes up by as many as there are now', () => {
  const {painter: live, written} = painter();
  live.draw([], rowsOf('x'.repeat(50), 'y', '> '), {row: 2, column: 2});
  written();
  live.resized(20, true);
  expect(written()).toBe('\x1b[?2026h\x1b[4A\r\x1b[J\x1b[?2026l');
});

test('the cursor is put behind what terminals may draw in a width of their own, and nothing else', () => {
  const {painter: live, written} = painter();
  live.draw([], rowsOf('> '), {row: 0, column: 2});
  written();
  live.draw([], rowsOf('> \u0e01\u0e33 \u0939\u093fx'), {row: 0, column: 8});
  expect(written()).toBe(
    '\x1b[?2026h\x1b[?25l\x1b[3G\u0e01\u0e33\x1b[5G \u0939\u093f\x1b[8Gx\x1b[9G\x1b[?25h\x1b[?2026l',
  );
  live.draw([], rowsOf('日本 é … e\u0301 \ud55c'), {row: 0, column: 0});
  expect(written()).toBe('\x1b[?2026h\x1b[?25l\r日本 é … e\u0301 \ud55c\x1b[K\x1b[1G\x1b[?25h\x1b[?2026l');
});

test('styles and links take no cells of what is behind them', () => {
  const {painter: live, written} = painter();
  live.draw(
    rowsOf('\u0e01\u0e33'),
    [paint('\u0e01\u0e33', '1'), joinRows([paint('ab', '1;36'), paint('\u{1f44d}\u{1f3fd}', '')])],
    undefined,
  );
  // What goes into the scrollback is written as it is.
  expect(written()).toContain('\r\u0e01\u0e33\r\n\x1b[1m\u0e01\u0e33\x1b[3G');
  live.draw([], [paint('ab', '1;36'), paint('\u{1f44d}\u{1f3fd}', '')], undefined);
  expect(written()).toContain('\u{1f44d}\u{1f3fd}\x1b[5G');
});

test('a row whose last cluster grew is written anew: a mark alone would stand in a cell of its own', () => {
  const {painter: live, written} = painter();
  live.draw([], rowsOf('a\u0e01'), {row: 0, column: 2});
  written();
  live.draw([], rowsOf('a\u0e01\u0e33'), {row: 0, column: 3});
  expect(written()).toBe('\x1b[?2026h\x1b[?25l\ra\u0e01\u0e33\x1b[4G\x1b[K\x1b[4G\x1b[?25h\x1b[?2026l');
});
