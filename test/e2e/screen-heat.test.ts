// Certainty and alternatives on the real engine, with a tiny random model: it is never certain of anything.
import {expect, test} from 'vitest';
import {leave, say, tinyChats} from './harness/tiny-chat.ts';

const {newState, chat} = tinyChats();
const LEGEND = /^(\d+) tokens, (\d+) below 50%/m;

test('/heat colours an answer that came without certainty, also a resumed one, and leaves it as it is', async () => {
  const state = newState();
  const first = chat(state);
  await first.see('ready');
  await say(first, 'hello');
  const ends = first.text().split('cut off at the length limit').length;
  first.type('/heat\r');
  await first.see(LEGEND);
  const [, tokens, guesses] = LEGEND.exec(first.text()) ?? [];
  expect(Number(tokens)).toBeGreaterThan(4);
  expect(Number(guesses)).toBeGreaterThan(0);
  expect(first.text().split('cut off at the length limit')).toHaveLength(ends);
  await leave(first);
  const second = chat(state, ['--max-tokens', '8', '--continue']);
  await second.see('ready');
  second.type('/heat\r');
  await second.see(LEGEND);
  expect(LEGEND.exec(second.text())?.[0]).toBe(`${tokens} tokens, ${guesses} below 50%`);
  await leave(second);
});

test('/alt goes on from another token, as a branch', async () => {
  const program = chat(newState(), ['--seed', '1']);
  await program.see('ready');
  await say(program, 'hello');
  program.type('/alt 2\r');
  await program.see(/^alternatives to "/m);
  const ends = program.text().split('cut off at the length limit').length;
  program.type('\x1b[B\r');
  await program.until(() => program.text().split('cut off at the length limit').length > ends, 'the other answer');
  program.type('/branches\r');
  await program.see('1 (here)');
  program.type('\x1b');
  await program.until(() => !program.text().includes('1 (here)'), 'the list to close');
  await leave(program);
});

test('there is nothing to colour before an answer; a long reading can be stopped', async () => {
  const program = chat(newState(), ['--max-tokens', '400']);
  await program.see('ready');
  program.type('/heat\r');
  await program.see('there is no text answer yet');
  await say(program, 'hello');
  program.type('/heat\r\x03');
  await program.until(() => /^ready/m.test(program.text()), 'the prompt');
  program.type('after\r');
  await program.see('▌ after');
});
