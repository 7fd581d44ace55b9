import {expect, test} from 'vitest';
import {chatPrograms} from './harness/chat-app.ts';

const {chat, shell, command} = chatPrograms();

/** Passes what the terminal answers on, `delay` milliseconds later. */
const late = (delay: number) => (reply: string, give: (bytes: string) => void) => {
  setTimeout(() => give(reply), delay);
};

test('the first frame stands where it would, and nothing of the probes is left', async () => {
  const program = shell();
  program.type('printf "earlier\\n"\r');
  await program.see(/^earlier$/m);
  program.type(`${command({})}\r`);
  await program.see('ready');
  const lines = program.lines();
  expect(lines.join('\n')).not.toMatch(/\u0e19|\u0939|\u{1f468}|\u{1fae8}/u);
  expect(program.cursor()).toMatchObject({column: 2});
  expect(program.cursor().line).toMatch(/^> /);
  expect(lines).toContain('earlier');
});

test('what the emulator counts is what the screen counts', async () => {
  const program = chat({});
  await program.see('ready');
  // Thai, vowel signs, a skin tone, an emoji of Unicode 15: 16 + 5 + 4 + 1 cells in this emulator.
  program.type('น้ำทำกำลังสำคัญคำนำ हिन्दी 👍🏽 🫨x');
  await program.see('x');
  await program.until(() => program.cursor().column === 2 + 16 + 1 + 5 + 1 + 4 + 1 + 1 + 1, 'the cursor behind the x');
  program.type('\x03\x04');
  expect(await program.exited()).toBe(0);
});

test.each([20, 100, 400])('answers that come after %i ms never reach the shell', async (delay) => {
  const program = shell({answers: late(delay)});
  program.type(`${command({})}\r`);
  await program.see('> Type a message');
  program.type('/exit\r');
  await program.see(/\$ $/);
  await new Promise((resolve) => setTimeout(resolve, 500));
  program.type('echo clean\r');
  await program.see(/\$ echo clean\nclean\n/);
});

test.each<[string, (reply: string, give: (bytes: string) => void) => void]>([
  ['none come', () => {}],
  ['they are cut', (reply, give) => give(reply.slice(0, -1))],
  ['only some come', (reply, give) => (reply.endsWith('R') ? undefined : give(reply))],
  ['they are from another place', (reply, give) => give(reply.replace(/\d+R$/, '70R'))],
  ['each comes twice', (reply, give) => give(reply + reply)],
])('the chat works as ever when %s', async (_, answers) => {
  const program = chat({}, {answers});
  await program.see('ready');
  await new Promise((resolve) => setTimeout(resolve, 700));
  program.type('กำ hi');
  await program.see('> กำ hi');
  program.type('\r');
  await program.see('You said: กำ hi');
  program.type('\x04');
  expect(await program.exited()).toBe(0);
});
