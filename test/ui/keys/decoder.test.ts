import fc from 'fast-check';
import {expect, test} from 'vitest';
import {KeyDecoder} from '../../../src/ui/keys/decoder.ts';
import {type DecodedEvent, press} from '../../../src/ui/keys/event.ts';

function decode(...chunks: (string | Uint8Array)[]): DecodedEvent[] {
  const decoder = new KeyDecoder(() => 0);
  return merge([...chunks.flatMap((chunk) => decoder.push(Buffer.from(chunk))), ...decoder.flush()]);
}

/** Text that came in several chunks is one run of characters to whoever reads the events. */
function merge(events: readonly DecodedEvent[]): DecodedEvent[] {
  const merged: DecodedEvent[] = [];
  for (const event of events) {
    const last = merged.at(-1);
    if (event.type === 'text' && last?.type === 'text')
      merged[merged.length - 1] = {...last, text: last.text + event.text};
    else merged.push(event);
  }
  return merged;
}

const text = (value: string): DecodedEvent => ({type: 'text', text: value});

test.each<[string, string, DecodedEvent[]]>([
  ['a line and Enter in one chunk', 'hello\r', [text('hello'), press('enter')]],
  ['three backspaces in one chunk', '\x7f\x7f\x7f', [press('backspace'), press('backspace'), press('backspace')]],
  ['Ctrl+H is a backspace', '\b', [press('backspace')]],
  ['control letters', '\x01\x12\x1f', [press('a', {ctrl: true}), press('r', {ctrl: true}), press('_', {ctrl: true})]],
  ['line feed is Ctrl+J', '\n', [press('j', {ctrl: true})]],
  ['Alt+Enter', '\x1b\r', [press('enter', {alt: true})]],
  ['Alt+letter', '\x1bb\x1bD', [press('b', {alt: true}), press('d', {alt: true, shift: true})]],
  ['arrows, plain and in application mode', '\x1b[A\x1bOB', [press('up'), press('down')]],
  ['Ctrl+right', '\x1b[1;5C', [press('right', {ctrl: true})]],
  ['home, end, delete', '\x1b[H\x1b[4~\x1b[3~', [press('home'), press('end'), press('delete')]],
  ['Shift+Tab', '\x1b[Z', [press('tab', {shift: true})]],
  ['kitty Shift+Enter', '\x1b[13;2u', [press('enter', {shift: true})]],
  ['kitty Ctrl+C', '\x1b[99;5u', [press('c', {ctrl: true})]],
  ['kitty Escape and a key release', '\x1b[27u\x1b[27;1:3u', [press('escape')]],
  ['modifyOtherKeys Shift+Enter', '\x1b[27;2;13~', [press('enter', {shift: true})]],
  ['kitty keypad Enter', '\x1b[57414u', [press('enter')]],
  ['kitty says it is there', '\x1b[?1u', [{type: 'kitty', flags: 1}]],
  [
    'what the terminal says is no text, and what was not asked is nothing',
    'a\x1b]11;rgb:0000/0000/0000\x07b\x1b[I\x1b[O\x1b[24;80R\x1b[?62;22c\x1bP>|xterm(379)\x1b\\c',
    [
      text('a'),
      {type: 'background', rgb: '000000000000'},
      text('b'),
      {type: 'focus', focused: true},
      {type: 'focus', focused: false},
      {type: 'version', name: 'xterm(379)'},
      text('c'),
    ],
  ],
  ['a mouse report is swallowed', 'a\x1b[M !!b', [text('ab')]],
  ['Linux console function key', 'a\x1b[[Ab', [text('ab')]],
  ['Ctrl+C breaks an unfinished sequence', '\x1b[1;\x03', [press('c', {ctrl: true})]],
  ['ESC ESC', '\x1b\x1b', [press('escape'), press('escape')]],
  ['half a sequence is dropped', 'a\x1b[1;', [text('a')]],
  ['a C1 control is dropped', 'a\u0085b', [text('ab')]],
  ['a sequence that begins with one is dropped whole', 'a\u009b1;5Db', [text('ab')]],
  ['paste', '\x1b[200~a\r\nb\rc\x1b[31m\x1b[201~d', [{type: 'paste', text: 'a\nb\nc\x1b[31m', cut: false}, text('d')]],
  ['unfinished paste', '\x1b[200~ab\x1b[20', [{type: 'paste', text: 'ab\x1b[20', cut: false}]],
  ['wide text', 'né日本👩‍👩‍👧', [text('né日本👩‍👩‍👧')]],
])('%s', (_, input, events) => {
  expect(decode(input)).toEqual(events);
});

test('invalid UTF-8 is dropped, what surrounds it stays', () => {
  expect(decode(Uint8Array.of(0x61, 0xff, 0xc3, 0x62))).toEqual([text('ab')]);
});

test('a paste beyond the limit is cut and says so', () => {
  const [event] = decode('\x1b[200~', 'x'.repeat(9 * 1024 * 1024), '\x1b[201~');
  expect(event).toMatchObject({type: 'paste', cut: true});
  expect(event?.type === 'paste' && event.text.length).toBe(8 * 1024 * 1024);
});

test('any split of the bytes gives the same events', () => {
  const pieces = fc.constantFrom(
    'a',
    'é',
    '日',
    '👍🏽',
    '\r',
    '\n',
    '\x1b',
    '\x1b[A',
    '\x1b[1;5D',
    '\x1b[13;2u',
    '\x7f',
    '\x04',
    ';',
    '\x1b[200~',
    '\x1b[201~',
    '\x1b]11;x\x07',
    '\x1bP',
    '\x1b\\',
    '[',
    'O',
    '~',
    '\x1b[?1u',
    '\x9b',
  );
  const input = fc.oneof(
    fc.array(pieces).map((parts) => Buffer.from(parts.join(''))),
    fc.uint8Array({maxLength: 40}).map(Buffer.from),
  );
  fc.assert(
    fc.property(input, fc.array(fc.nat(60)), (bytes, cuts) => {
      const edges = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length];
      const chunks = edges.slice(1).map((edge, index) => bytes.subarray(edges[index], edge));
      expect(decode(...chunks)).toEqual(decode(bytes));
    }),
    {numRuns: 500},
  );
});
