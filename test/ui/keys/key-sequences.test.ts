import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {KeyDecoder} from '../../../src/ui/keys/decoder.ts';
import type {DecodedEvent} from '../../../src/ui/keys/event.ts';

/** What keys of real terminals send, with the notation of `described`. */
const sequences = JSON.parse(readFileSync(join(import.meta.dirname, '../../goldens/terminal/keys.json'), 'utf8')) as {
  bytes: string;
  expect: string;
  note: string;
}[];

function described(event: DecodedEvent): string {
  switch (event.type) {
    case 'text':
      return `text:${event.text}`;
    case 'paste':
      return `paste:${event.text.replaceAll('\n', '\\n')}`;
    case 'key': {
      const held = [event.super && 'super+', event.ctrl && 'ctrl+', event.alt && 'alt+', event.shift && 'shift+'];
      return held.filter(Boolean).join('') + event.name;
    }
    case 'kitty':
      return `reply:kitty ${event.flags}`;
    case 'cursor':
      return `reply:cursor ${event.row} ${event.column}`;
    case 'background':
      return `reply:background ${event.rgb}`;
    case 'version':
      return `reply:version ${event.name}`;
    case 'attributes':
      return 'reply:attributes';
    case 'focus':
      return event.focused ? 'focus' : 'blur';
  }
}

/** A decoder on a clock of the test's own. */
function terminal() {
  let now = 1000;
  const decoder = new KeyDecoder(() => now);
  const said = (events: DecodedEvent[]) => events.map(described).join(',');
  return {
    decoder,
    later: (milliseconds: number) => {
      now += milliseconds;
    },
    read: (bytes: string, typedBefore = false) => said(decoder.push(Buffer.from(bytes), typedBefore)),
    flush: () => said(decoder.flush()),
  };
}

test('there are 105 sequences', () => expect(sequences).toHaveLength(105));

test.each(sequences)('$bytes is $expect ($note)', ({bytes, expect: expected, note}) => {
  const {decoder, read, flush} = terminal();
  // A report is Shift+F3 but where one is awaited.
  if (expected.startsWith('reply:cursor')) decoder.awaitReplies(1);
  decoder.keypadEnterIsShifted = note.includes('Konsole');
  expect([read(bytes), flush()].filter((events) => events !== '').join(',')).toBe(expected);
});

test.each([
  ['Greek with Alt', '\x1b[945;3u', 'alt+a'],
  ['Ukrainian і', '\x1b[1110;5u', 'ctrl+s'],
  ['Armenian', '\x1b[1377;5u', 'ctrl+g'],
  ['Thai', '\x1b[3649;5u', 'ctrl+c'],
  ['a capital letter with Shift held', '\x1b[1057;6u', 'ctrl+shift+c'],
  ['the base key is used before the table', '\x1b[1089::118;5u', 'ctrl+v'],
  ['no command, no base key', '\x1b[1089::99u', 'text:с'],
  ['AZERTY: what is typed, not where it is', '\x1b[113::97;5u', 'ctrl+q'],
  ['French é stays a letter of its own', '\x1b[233::50;5u', ''],
  ['Turkish, Alt', '\x1b[351::59;3u', ''],
  ['a script without a table', '\x1b[5024;5u', ''],
  ['Ctrl+_ with flag 4', '\x1b[45:95;6u', 'ctrl+shift+_'],
  ['Shift types what the terminal says', '\x1b[49:33;2u', 'text:!'],
  ['Super+V', '\x1b[118;9u', 'super+v'],
  ['Hyper+V', '\x1b[118;17u', 'super+v'],
  ['Meta+B of kitty', '\x1b[98;33u', 'alt+b'],
  ['Caps Lock', '\x1b[97;69u', 'ctrl+a'],
  ['iTerm2, Meta and Ctrl', '\x1b[1;13C', 'ctrl+alt+right'],
  ['keypad with Ctrl', '\x1b[57413;5u', 'ctrl++'],
  ['keypad =', '\x1b[57415u', 'text:='],
  ['one parameter, every final', '\x1b[2A\x1b[3B\x1b[5H\x1b[6F', 'shift+up,alt+down,ctrl+home,ctrl+shift+end'],
  ['one parameter of 1 is none', '\x1b[1D', 'left'],
  ['rxvt Ctrl+Delete, Shift+PageUp', '\x1b[3^\x1b[5$', 'ctrl+delete,shift+pageup'],
  ['a device reply is no Shift+Right', '\x1b[?1;2c\x1b[>0;276;0c', ''],
  ['an ANSI mode report types nothing', '\x1b[4;2$y', ''],
  ['an underscore with Alt', '\x1b_', 'alt+_'],
  ['Alt with a bracket', '\x1b]', 'alt+]'],
])('%s', (_, bytes, expected) => {
  const {read, flush} = terminal();
  expect([read(bytes), flush()].filter((events) => events !== '').join(',')).toBe(expected);
});

test.each([
  ['\x1b\x1b\x1b[D', 'escape,alt+left'],
  ['\x1b\x1bx', 'escape,alt+x'],
  ['\x1b\x1b[I', 'escape,focus'],
  ['\x1b\x1b[200~p\x1b[201~', 'escape,paste:p'],
])('Escape before something: %j', (bytes, expected) => {
  expect(terminal().read(bytes)).toBe(expected);
});

test('Ctrl+Delete of st eats nothing that is typed after it', () => {
  const {read} = terminal();
  expect(read('\x1b[M')).toBe('');
  expect(read('abc')).toBe('text:abc');
  expect(read('\x1b[M !!d')).toBe('text:d');
});

test('Enter of the keypad is Shift+Enter in Konsole', () => {
  const {decoder, read} = terminal();
  expect(read('\x1bOM')).toBe('enter');
  decoder.keypadEnterIsShifted = true;
  expect(read('\x1bOM')).toBe('shift+enter');
});

test('a line feed within 10 ms of a carriage return belongs to it', () => {
  const {read, later} = terminal();
  expect(read('a\r')).toBe('text:a,enter');
  later(10);
  expect(read('\nb\r')).toBe('text:b,enter');
  later(11);
  expect(read('\n')).toBe('ctrl+j');
  expect(read('\r\r\n\n')).toBe('enter,enter,ctrl+j');
});

test('a line feed that was typed before the keys were raw is Enter', () => {
  expect(terminal().read('hello\n', true)).toBe('text:hello,enter');
  expect(terminal().read('hello\n')).toBe('text:hello,ctrl+j');
});

test('the rest of a key whose ESC came alone is dropped, for half a second', () => {
  const {read, later, flush, decoder} = terminal();
  for (const rest of ['[D', '[1;5C', 'OA', '[3~']) {
    read('\x1b');
    later(50);
    expect(flush()).toBe('escape');
    later(30);
    expect(read(rest)).toBe('');
    expect(read('x')).toBe('text:x');
  }
  read('\x1b');
  flush();
  later(501);
  expect(read('[D')).toBe('text:[D');
  expect(decoder.wait).toBeUndefined();
});

test('what a person types after Escape is theirs', () => {
  const {read, later, flush, decoder} = terminal();
  const pressEscape = () => {
    read('\x1b');
    later(50);
    flush();
    later(100);
  };
  pressEscape();
  expect(read('OK')).toBe('text:OK');
  pressEscape();
  expect(read('[')).toBe('');
  expect(decoder.wait).toBe(50);
  expect(flush()).toBe('text:[');
  pressEscape();
  expect(read('[D')).toBe('');
  expect(read('[D')).toBe('text:[D');
});

test('a slow line may cut a reply anywhere but behind its ESC', () => {
  const {read, decoder, later} = terminal();
  for (const [start, end, meaning] of [
    ['\x1b[?6', '2;22c', ''],
    ['\x1b]11;rgb:1d1d', '/1f1f/2121\x1b\\', 'reply:background 1d1d1f1f2121'],
    ['\x1bP>|Kons', 'ole 22.12.3\x1b\\', 'reply:version Konsole 22.12.3'],
    ['\x1b[1;', '5D', 'ctrl+left'],
  ] as const) {
    expect(read(start)).toBe('');
    expect(decoder.wait).toBe(500);
    later(400);
    expect(read(end)).toBe(meaning);
  }
});

test('a paste without an end waits a second, and not at all for Ctrl+C', () => {
  const {read, flush, decoder} = terminal();
  read('\x1b[200~ab');
  expect(decoder.wait).toBe(1000);
  expect(flush()).toBe('paste:ab');
  expect(read('\x1b[201~c')).toBe('text:c');
  read('\x1b[200~de');
  expect(read('\x03')).toBe('paste:de');
  expect(read('\x03')).toBe('ctrl+c');
  expect(read('\x1b[200~f\x03g\x1b[201~')).toBe('paste:f\x03g');
});

test('reports are counted: a further one, and one behind the device attributes, is a key', () => {
  const {read, decoder} = terminal();
  decoder.awaitReplies(2);
  expect(read('\x1b[1;2R')).toBe('reply:cursor 1 2');
  expect(read('a\x1b[1;2Rb\x1b[1;2R')).toBe('text:a,reply:cursor 1 2,text:b');
  expect(read('\x1b[?62c\x1b[?62c')).toBe('reply:attributes');
  decoder.awaitReplies(2);
  expect(read('\x1b[?6c\x1b[1;2R')).toBe('reply:attributes');
  expect(decoder.isAwaiting).toBe(false);
});

test('a string without an end holds no more than it may', () => {
  const {read, decoder} = terminal();
  for (let piece = 0; piece < 1000; piece += 1) read(piece === 0 ? '\x1b]11;' : 'x'.repeat(100));
  expect(read('\x1b\\a')).toBe('text:a');
  expect(decoder.wait).toBeUndefined();
});
