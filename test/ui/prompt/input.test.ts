import {expect, test} from 'vitest';
import {KeyDecoder} from '../../../src/ui/keys/decoder.ts';
import {isKeyEvent} from '../../../src/ui/keys/event.ts';
import {
  type Effect,
  EMPTY_INPUT,
  type Input,
  type InputContext,
  onInput,
  openPicker,
} from '../../../src/ui/prompt/input.ts';

const CONTEXT: InputContext = {
  columns: 80,
  history: ['first', 'second\nline'],
  commands: [
    {label: '/help', detail: ''},
    {label: '/heat', detail: ''},
    {label: '/export', detail: ''},
  ],
  files: [
    {label: 'src/main.ts', detail: ''},
    {label: 'README.md', detail: ''},
  ],
};

/** Types keys as a terminal sends them; the last effect and where the input ends. */
function type(
  keys: string,
  from: Input = EMPTY_INPUT,
  context = CONTEXT,
): {input: Input; effects: NonNullable<Effect>[]} {
  const decoder = new KeyDecoder(() => 0);
  const effects: NonNullable<Effect>[] = [];
  let input = from;
  for (const event of [...decoder.push(Buffer.from(keys)), ...decoder.flush()].filter(isKeyEvent)) {
    const [next, effect] = onInput(input, event, context);
    input = next;
    if (effect !== undefined) effects.push(effect);
  }
  return {input, effects};
}

test.each<[string, string, string]>([
  ['Enter sends', 'hello\r', 'hello'],
  ['Alt+Enter, Shift+Enter, Ctrl+J and a backslash make new lines', 'a\x1b\rb\x1b[13;2uc\nd\\\re\r', 'a\nb\nc\nd\ne'],
  ['a long paste is sent as it was', `see \x1b[200~${'line\r'.repeat(8)}\x1b[201~!\r`, `see ${'line\n'.repeat(8)}!`],
  ['a short paste is typed', '\x1b[200~a\rb\x1b[201~\r', 'a\nb'],
  ['control characters of a paste are dropped', '\x1b[200~a\x07\u202eb\x1b[201~\r', 'ab'],
  ['Enter on part of a command completes it', '/exp\r\r', '/export '],
  ['Enter on a whole command sends it', '/help\r', '/help'],
  ['Tab completes a file', 'see @mai\tnow\r', 'see @src/main.ts now'],
  ['Down chooses the next completion', '/he\x1b[B\t\r', '/heat '],
  ['Up brings back what was sent', '\x1b[A\r', 'second\nline'],
  ['Up from the first line goes on', '\x1b[A\x1b[A\x1b[A\r', 'first'],
])('%s', (_, keys, sent) => {
  expect(type(keys).effects.at(-1)).toMatchObject({type: 'send', text: sent});
});

test('walking back to the end of the history brings the draft back', () => {
  const {input} = type('draft\x10\x0e');
  expect(input.editor.text).toBe('draft');
});

test('nothing is sent by Enter on an empty prompt', () => {
  expect(type('\r \r').effects).toEqual([]);
});

test('a paste is shown by its label', () => {
  expect(type(`\x1b[200~${'line\r'.repeat(8)}\x1b[201~\r`).effects.at(-1)).toMatchObject({shown: '[paste 1: 9 lines]'});
});

test.each<[string, string, string]>([
  ['Ctrl+C', '\x03', 'interrupt'],
  ['Escape', '\x1b', 'escape'],
  ['Ctrl+D on an empty prompt', '\x04', 'end-of-input'],
  ['Ctrl+R', '\x12', 'search'],
  ['Ctrl+G', '\x07', 'editor'],
  ['Ctrl+O', '\x0f', 'expand'],
  ['Ctrl+L', '\x0c', 'redraw'],
  ['Ctrl+Z', '\x1a', 'suspend'],
])('%s asks for an effect', (_, keys, effect) => {
  expect(type(keys).effects).toEqual([{type: effect}]);
});

test('Ctrl+D in a text deletes forward', () => {
  expect(type('ab\x1b[D\x04').input.editor.text).toBe('a');
});

test('Esc closes the completions and they stay closed', () => {
  const {input, effects} = type('/he\x1b');
  expect([input.completion, effects]).toEqual([undefined, []]);
  expect(type('l', input).input.completion?.items.map((item) => item.label)).toEqual(['/help']);
});

test('file names are asked for once they are needed', () => {
  const {effects} = type('@', EMPTY_INPUT, {...CONTEXT, files: undefined});
  expect(effects).toEqual([{type: 'list-files'}]);
});

test('a picker takes all keys: typing filters, Enter chooses, Esc leaves', () => {
  const items = ['alpha', 'beta', 'gamma'].map((label) => ({label, detail: ''}));
  const open = openPicker(EMPTY_INPUT, {title: 'which', items});
  expect(type('\x1b[B\r', open).effects).toEqual([{type: 'picked', index: 1}]);
  expect(type('gam\r', open).effects).toEqual([{type: 'picked', index: 2}]);
  expect(type('zzz\r\x1b', open).effects).toEqual([{type: 'picked', index: undefined}]);
  expect(type('zzz\x7f\x7f\x7fb\r', open).effects).toEqual([{type: 'picked', index: 1}]);
  expect(type('\x03', open).input.picker).toBeUndefined();
});

const QUESTION = {
  title: 'run it?',
  items: ['1 yes', '2 always', '3 no'].map((label) => ({label, detail: ''})),
  question: true,
  selected: 2,
};

test.each<[string, string, number | undefined]>([
  ['its first letter chooses', '1', 0],
  ['Enter chooses what is selected', '\r', 2],
  ['the arrows select', '\x1b[A\r', 1],
  ['Esc leaves it', '\x1b', undefined],
  ['Ctrl-C leaves it', '\x03', undefined],
])('a question: %s', (_, keys, index) => {
  expect(type(keys, openPicker(EMPTY_INPUT, QUESTION)).effects).toEqual([{type: 'picked', index}]);
});

test('a question takes no key from what is being typed', () => {
  const {input, effects} = type('1x\x7f2\x1b[200~3\x1b[201~', openPicker(type('draft').input, QUESTION));
  expect(effects).toEqual([]);
  expect(input.editor.text).toBe('draft123');
});
