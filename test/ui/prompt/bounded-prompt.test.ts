// What a person types or pastes, a megabyte too: each key and each frame costs what is near the caret, not the whole text.
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, describe, test} from 'vitest';
import {KeyDecoder} from '../../../src/ui/keys/decoder.ts';
import {isKeyEvent} from '../../../src/ui/keys/event.ts';
import type {EditAction} from '../../../src/ui/keys/keymap.ts';
import {createTheme} from '../../../src/ui/markdown/style.ts';
import {rank, wordAt} from '../../../src/ui/prompt/complete.ts';
import {type Editor, EMPTY_EDITOR, edit, setText} from '../../../src/ui/prompt/editor.ts';
import {EMPTY_INPUT, onInput} from '../../../src/ui/prompt/input.ts';
import {History} from '../../../src/ui/prompt/input-history.ts';
import {labelled, unfold} from '../../../src/ui/prompt/pastes.ts';
import {promptRows} from '../../../src/ui/prompt/prompt-rows.ts';
import {expectBounded, expectLinear, timeTaken} from '../../fixtures/growth.ts';

const UNITS: Readonly<Record<string, string>> = {
  'one word': 'a',
  'words in a line': 'word ',
  'words by the line': 'some words\n',
  spaces: ' ',
  dots: '.',
  'a word and a dot': 'aaaaaaaaaaaaaaa.',
  'blank lines': '\n',
  'file marks': ' @a',
  'marks alone': '@',
  slashes: '/',
  ideographs: '日本',
  'combining marks': 'e\u0301',
  'emoji that are joined': '👩\u200d',
  flags: '🇩🇪',
};
const textOf = (unit: string, length: number) => unit.repeat(Math.ceil(length / unit.length)).slice(0, length);
const THEME = createTheme({color: true, unicode: true, hyperlinks: false});
const CONTEXT = {history: [], commands: [], files: [], columns: 80};

const ACTIONS: readonly EditAction[] = [
  'left',
  'right',
  'word-left',
  'word-right',
  'line-start',
  'line-end',
  'backspace',
  'delete',
  'kill-word-left',
  'kill-space-left',
  'kill-word-right',
  'kill-line-left',
  'transpose',
  'newline',
  'undo',
];

const editorOf = (text: string, cursor = text.length): Editor => ({...setText(EMPTY_EDITOR, text), cursor});

describe.each(Object.entries(UNITS))('%s', (_name, unit) => {
  test.each(ACTIONS)('%s in a long text', (action) => {
    expectLinear((size) => {
      const text = textOf(unit, size);
      for (const cursor of [size, size / 2]) edit(editorOf(text, cursor), action);
    }, 2000);
  });

  test('a word behind it is completed and killed', () => {
    for (const end of ['x', ' x', '.', ' ', ' @x']) {
      expectLinear((size) => {
        const editor = editorOf(textOf(unit, size) + end);
        wordAt(editor);
        edit(editor, 'kill-word-left');
        edit(editor, 'kill-space-left');
        edit(editor, 'word-left');
      }, 8000);
    }
  });

  test('it is pasted', () => {
    expectLinear((size) => {
      const decoder = new KeyDecoder(() => 0);
      const bytes = Buffer.from(`\x1b[200~${textOf(unit, size)}\x1b[201~`);
      let input = EMPTY_INPUT;
      for (let at = 0; at < bytes.length; at += 4096) {
        for (const event of decoder.push(bytes.subarray(at, at + 4096)).filter(isKeyEvent))
          input = onInput(input, event, CONTEXT)[0];
      }
      unfold(input.editor.text, input.pastes);
      labelled(input.editor.text, input.pastes);
    }, 40_000);
  });

  test('a key costs the same however much is there', () => {
    expectBounded(
      (before) => {
        const decoder = new KeyDecoder(() => 0);
        let input = {...EMPTY_INPUT, editor: editorOf(textOf(unit, before))};
        return timeTaken(() => {
          for (let key = 0; key < 25; key++) {
            for (const event of decoder.push(Buffer.from('xé\x7f')).filter(isKeyEvent))
              input = onInput(input, event, CONTEXT)[0];
          }
        });
      },
      5000,
      50_000,
    );
  });

  test('a frame costs no more than the text is long', () => {
    expectLinear((size) => {
      promptRows(editorOf(textOf(unit, size)), [], 80, 10, THEME, []);
    }, 2000);
  });
});

test('a query of any length ranks many names', () => {
  const names = Array.from({length: 500}, (_, index) => ({
    label: `src/folder/${'a'.repeat(200)}/file-${index}.ts`,
    detail: '',
  }));
  for (const unit of ['a', '/', 'fil', 'é']) expectLinear((size) => rank(textOf(unit, size), names), 2000);
  expectLinear((count) => {
    rank(
      'file',
      Array.from({length: count}, (_, index) => ({label: `src/file-${index}.ts`, detail: ''})),
    );
  }, 5000);
});

const folder = mkdtempSync(join(tmpdir(), 'bounded-prompt-'));
afterAll(() => rmSync(folder, {recursive: true}));

test('the messages of other chats are read, and more are added', () => {
  expectLinear((size) => {
    const file = join(folder, `${size}.jsonl`);
    writeFileSync(file, `${JSON.stringify('a message')}\n`.repeat(size));
    new History(file);
  }, 4000);
  expectLinear((size) => {
    const history = new History(undefined);
    for (let index = 0; index < size; index++) history.add(`message ${index}`);
  }, 12_000);
  expectLinear((size) => new History(undefined).add(textOf('long ', size)), 1_000_000);
});
