import {expect, test} from 'vitest';
import {withoutStyles} from '../../../src/base/cells/graphemes.ts';
import {bareTheme} from '../../../src/ui/markdown/style.ts';
import {EMPTY_EDITOR} from '../../../src/ui/prompt/editor.ts';
import {fold} from '../../../src/ui/prompt/pastes.ts';
import {cursorByRow, promptRows} from '../../../src/ui/prompt/prompt-rows.ts';

const THEME = bareTheme(true);
/** Cells of the terminal: the text of a row has 10 of them. */
const COLUMNS = 13;

/** An editor of a text in which `|` is the cursor. */
function at(marked: string) {
  return {...EMPTY_EDITOR, text: marked.replace('|', ''), cursor: marked.indexOf('|')};
}

function drawn(marked: string, limit = 10) {
  const {rows, caret} = promptRows(at(marked), [], COLUMNS, limit, THEME, ['hint']);
  return {rows: rows.map(withoutStyles), caret};
}

test.each<[string, string, -1 | 1, string | undefined]>([
  ['keeps the column', 'abcd\nxyz|', -1, 'abc|d\nxyz'],
  ['to a shorter line', 'abcd|\nx\nz', 1, 'abcd\nx|\nz'],
  ['none above the first row', 'ab|c', -1, undefined],
  ['none below the last row', 'a|bc', 1, undefined],
  ['within a wrapped line', 'abcdefghijkl|m', -1, 'ab|cdefghijklm'],
  ['within a wrapped line, down', 'abc|defghijklm', 1, 'abcdefghijklm|'],
  ['into the last row of a wrapped line', 'abcdefghijklm\nxy|', -1, 'abcdefghijkl|m\nxy'],
  ['by cells, not characters', '日本語\nabcde|', -1, '日本|語\nabcde'],
  ['never into a cluster', 'กำกำ\nabc|', -1, 'กำ|กำ\nabc'],
  ['over an empty line', 'ab\n\ncd|', -1, 'ab\n|\ncd'],
  ['from the row behind a full one', 'abcdefghij|', -1, '|abcdefghij'],
])('a row up or down: %s', (_, marked, by, expected) => {
  const cursor = cursorByRow(at(marked), [], COLUMNS, by);
  const text = marked.replace('|', '');
  expect(cursor === undefined ? undefined : `${text.slice(0, cursor)}|${text.slice(cursor)}`).toBe(expected);
});

test('a folded paste is one place', () => {
  const {pastes, typed} = fold([], 'x\n'.repeat(20));
  const editor = {...EMPTY_EDITOR, text: `${typed}\nab`, cursor: typed.length + 2};
  expect(cursorByRow(editor, pastes, 80, -1)).toBe(0);
});

test('rows are wrapped by cells, and the caret stands where its cluster does', () => {
  expect(drawn('กำกำกำกำกำก|ำx')).toEqual({
    rows: ['> กำกำกำกำกำ', '  กำx'],
    caret: {row: 0, column: 2},
  });
});

test('a prompt taller than its room says how much is above', () => {
  expect(drawn('1\n2\n3\n4\n5\n6\n7|', 4)).toEqual({
    rows: ['… 4 more li…', '  5', '  6', '  7'],
    caret: {row: 3, column: 3},
  });
  expect(drawn('1\n2|\n3\n4\n5\n6\n7', 4).rows).toEqual(['> 1', '  2', '  3', '  4']);
  expect(drawn('1\n2\n3\n4|', 2).rows).toEqual(['  3', '  4']);
});
