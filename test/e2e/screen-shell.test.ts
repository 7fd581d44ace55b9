// The person's own commands in a chat on a real terminal: what they write stays on it, and the keys come back.
import {expect, test} from 'vitest';
import {leave, say, tinyChats} from './harness/tiny-chat.ts';

const {newState, chat} = tinyChats();

test('a command runs on the terminal, Ctrl-C ends it alone, and the chat goes on', async () => {
  const program = chat(newState());
  await program.see('ready');
  program.type('!echo "sum $((40 + 2))"; printf "in the middle"\r');
  await program.see(/^sum 42\nin the middle\n/m);
  await program.see('ready');
  program.type('!echo started; sleep 60\r');
  await program.see(/^started$/m);
  program.type('\x03');
  await program.see(/ended by a signal|exit code 130/);
  program.type('!!seq 3; exit 4\r');
  await program.see('exit code 4');
  // As long pastes do it stands there as one mark.
  await program.see('> [paste 1: 7 lines]');
  program.type('\x03');
  await say(program, 'hello');
  await leave(program);
});

test('with --no-shell nothing runs', async () => {
  const program = chat(newState(), ['--max-tokens', '8', '--no-shell']);
  await program.see('ready');
  program.type('!echo "sum $((40 + 2))"\r');
  await program.see('commands of the shell are off (--no-shell)');
  expect(program.text()).not.toContain('sum 42');
  await leave(program);
});
