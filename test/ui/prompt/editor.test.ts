import fc from 'fast-check';
import {expect, test} from 'vitest';
import {graphemes} from '../../../src/base/cells/graphemes.ts';
import type {EditAction} from '../../../src/ui/keys/keymap.ts';
import {EMPTY_EDITOR, edit, insert, setText} from '../../../src/ui/prompt/editor.ts';

/** Runs actions on a text whose cursor is marked `|` and shows the result the same way. */
function run(marked: string, ...actions: (EditAction | {type: string})[]): string {
  const cursor = marked.indexOf('|');
  let editor = {...EMPTY_EDITOR, text: marked.replace('|', ''), cursor};
  for (const action of actions) {
    editor = {...editor, ...(typeof action === 'string' ? edit(editor, action) : insert(editor, action.type))};
  }
  return `${editor.text.slice(0, editor.cursor)}|${editor.text.slice(editor.cursor)}`;
}

test.each<[string, string, EditAction[], string]>([
  ['a family is one step', 'a👩‍👩‍👧|b', ['left'], 'a|👩‍👩‍👧b'],
  ['a combining mark goes with its letter', 'e\u0301|x', ['backspace'], '|x'],
  ['right over a flag', '|🇫🇷x', ['right'], '🇫🇷|x'],
  ['left over a line end', 'a\n|b', ['left'], 'a|\nb'],
  ['word left over punctuation', 'foo, bar.|', ['word-left'], 'foo, |bar.'],
  ['word right in another script', '|дом два', ['word-right'], 'дом| два'],
  ['line start and end', 'a\nbc|d\ne', ['line-start'], 'a\n|bcd\ne'],
  ['line end', 'a\n|bcd\ne', ['line-end'], 'a\nbcd|\ne'],
  ['kill a word and yank it', 'one two|', ['kill-word-left', 'text-start', 'yank'], 'two|one '],
  ['kills in a row join', 'one two|', ['kill-word-left', 'kill-word-left', 'yank'], 'one two|'],
  ['kill by spaces takes a path', 'cat a/b.c|', ['kill-space-left'], 'cat |'],
  ['kill to the line end, then the line end itself', '|ab\ncd', ['kill-line-right', 'kill-line-right'], '|cd'],
  ['kill to the line start', 'a\nbc|d', ['kill-line-left'], 'a\n|d'],
  ['yank an older kill', 'a b|', ['kill-word-left', 'line-start', 'kill-line-right', 'yank', 'yank-older'], 'b|'],
  ['transpose', 'a|bc', ['transpose'], 'ba|c'],
  ['transpose at the end', 'abc|', ['transpose'], 'acb|'],
  ['transpose at the start does nothing', '|abc', ['transpose'], '|abc'],
  ['delete at the end does nothing', 'abc|', ['delete'], 'abc|'],
])('%s', (_, before, actions, after) => {
  expect(run(before, ...actions)).toBe(after);
});

test('typing is undone by the word, and redone', () => {
  const typed = ['o', 'n', 'e', ' ', 't', 'w', 'o'].map((type) => ({type}));
  expect(run('|', ...typed, 'undo')).toBe('one|');
  expect(run('|', ...typed, 'undo', 'undo')).toBe('|');
  expect(run('|', ...typed, 'undo', 'undo', 'redo', 'redo')).toBe('one two|');
});

test('a typed combining mark joins the letter before the cursor', () => {
  expect(run('e|x', {type: '\u0301'})).toBe('e\u0301|x');
});

test('replacing the whole text can be undone', () => {
  const editor = setText(insert(EMPTY_EDITOR, 'draft'), 'old message');
  expect(editor.cursor).toBe('old message'.length);
  expect(edit(editor, 'undo').text).toBe('draft');
});

const ACTIONS: EditAction[] = [
  'left',
  'right',
  'word-left',
  'word-right',
  'line-start',
  'line-end',
  'newline',
  'backspace',
  'delete',
  'kill-word-left',
  'kill-space-left',
  'kill-word-right',
  'kill-line-left',
  'kill-line-right',
  'yank',
  'yank-older',
  'transpose',
  'undo',
  'redo',
  'text-start',
  'text-end',
];

test('whatever is typed, the cursor stays on a grapheme boundary, and undoing everything empties the text', () => {
  const action = fc.constantFrom(...ACTIONS);
  const typed = fc.constantFrom(
    'a',
    ' ',
    'é',
    'e\u0301',
    '\u0301',
    '日',
    '👩‍👩‍👧',
    '🇫',
    '🇷',
    '\u200d',
    '\n',
    'two words',
  );
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          action,
          typed.map((type) => ({type})),
        ),
      ),
      (steps) => {
        let editor = EMPTY_EDITOR;
        for (const step of steps) {
          editor = typeof step === 'string' ? edit(editor, step) : insert(editor, step.type);
          let end = 0;
          const ends = new Set([0, ...graphemes(editor.text).map((cluster) => (end += cluster.length))]);
          expect(ends.has(editor.cursor)).toBe(true);
        }
        for (let count = 0; count < steps.length + 1; count += 1) editor = edit(editor, 'undo');
        expect(editor.text === '' || steps.includes('undo') || steps.includes('redo')).toBe(true);
      },
    ),
    {numRuns: 500},
  );
});
