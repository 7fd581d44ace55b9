// Chats that outgrow their context: the real program with a tiny random model on a screen.
import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {leave, say, tinyChats} from './harness/tiny-chat.ts';

const {newState, chat} = tinyChats();
const SMALL = ['--max-tokens', '8', '--ctx', '256'];
const LONG = 'x'.repeat(60);
const DROPPED = 'oldest turns no longer fit and the model does not see them (/compact sums up instead).';

test('a chat goes on when its context is full, says what is left out, and goes on so the next time', async () => {
  const state = newState();
  const program = chat(state, SMALL, {columns: 140});
  await program.see('ready');
  for (let turn = 0; turn < 9 && !program.text().includes(DROPPED); turn += 1) await say(program, LONG);
  expect(program.text()).toContain(DROPPED);
  await leave(program);
  const [file = ''] = readdirSync(join(state, 'sessions')).filter((name) => name.endsWith('.jsonl'));
  const lines = readFileSync(join(state, 'sessions', file), 'utf8')
    .trimEnd()
    .split('\n');
  expect(lines.filter((line) => line.startsWith('{"type":"window","from":'))).toHaveLength(1);
  const resumed = chat(state, [...SMALL, '--continue'], {columns: 140});
  await resumed.see('earlier messages');
  await resumed.see('ready');
  await say(resumed, 'short');
  expect(resumed.text()).not.toContain('no longer fit');
  await leave(resumed);
});

test('/compact has the model sum up, /undo takes it back, /set context stop refuses what does not fit', async () => {
  const program = chat(newState(), SMALL, {columns: 140});
  await program.see('ready');
  await say(program, 'one');
  await say(program, 'two');
  program.type('/compact\r');
  await program.see(/compacted: 1 turn into \d+ tokens; \/undo takes it back/);
  program.type('/undo\r');
  await program.see('the summary is removed');
  program.type('/set context stop\r');
  await program.see('when the chat no longer fits, it ends');
  program.type(`${'x'.repeat(250)}\r`);
  await program.see(/error +the prompt has \d+ tokens and the context holds 256/);
  program.type('\x15');
  await leave(program);
});
