import {expect, test} from 'vitest';
import type {NotifyChoice} from '../../../src/ui/chat/notify-choice.ts';
import {Attention} from '../../../src/ui/screen/window-attention.ts';

/** A screen that notes what is written on it. */
function screen(choice: NotifyChoice, focused: boolean | undefined, {version = '', hasTitle = true} = {}) {
  const written: string[] = [];
  const titles: string[] = [];
  let now = 0;
  const attention = new Attention(
    {
      focused,
      version,
      setTitle: (title) => void titles.push(title),
      write: (sequence) => void written.push(sequence),
    },
    {env: {TERM: 'xterm'}, now: () => now},
    {choice: () => choice, hasTitle, ellipsis: '…'},
  );
  const wait = (ms: number) => {
    now += ms;
  };
  return {attention, written, titles, wait};
}

test.each<[NotifyChoice, boolean | undefined, number]>([
  ['off', false, 0],
  ['off', true, 0],
  ['auto', false, 1],
  ['auto', true, 0],
  ['auto', undefined, 0],
  ['bell', false, 1],
  ['bell', true, 0],
  ['bell', undefined, 0],
  ['always', false, 1],
  ['always', true, 1],
  ['always', undefined, 1],
])('with %s and a window whose focus is %s there are %i notices', (choice, focused, count) => {
  const {attention, written} = screen(choice, focused);
  attention.answered(5000, false);
  expect(written).toHaveLength(count);
});

test('an answer that took less than 5 s is no news', () => {
  const {attention, written} = screen('always', undefined);
  attention.answered(4999, false);
  expect(written).toEqual([]);
});

test('the notice says how long it took, or that it failed', () => {
  const kitty = {version: 'kitty(0.26.5)'};
  const {attention, written, wait} = screen('auto', false, kitty);
  attention.answered(125_000, false);
  wait(3000);
  attention.answered(6000, true);
  expect(written).toEqual([
    '\x1b]99;i=1;The answer is ready (2 min 5 s)\x1b\\',
    '\x1b]99;i=1;The answer failed (6 s)\x1b\\',
  ]);
});

test('with bell it is a bell where the terminal knows more, too', () => {
  const {attention, written} = screen('bell', false, {version: 'kitty(0.26.5)'});
  attention.answered(9000, false);
  expect(written).toEqual(['\x07']);
});

test('a tool that asks is news at once, but no two notices come within 3 s', () => {
  const {attention, written, wait} = screen('auto', false, {version: 'foot(1.13)'});
  attention.asks('run get_weather?');
  wait(2999);
  attention.asks('run get_weather?');
  expect(written).toEqual(['\x1b]777;notify;mistral-chat;Run get_weather? It waits for your answer.\x1b\\']);
  wait(1);
  attention.answered(8000, false);
  expect(written).toHaveLength(2);
});

test('the title says what goes on, never a word of the person, and can be left alone', () => {
  const {attention, titles} = screen('off', undefined);
  attention.working();
  attention.ready();
  attention.asks('run get_weather?');
  expect(titles).toEqual(['… mistral-chat', 'mistral-chat', '! mistral-chat: run get_weather?']);
  const left = screen('off', undefined, {hasTitle: false});
  left.attention.working();
  expect(left.titles).toEqual([]);
});
