// Being told: the title of the window, and notices while another one is in front.
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {chatPrograms} from './harness/chat-app.ts';

const {chat, folder, shell, command} = chatPrograms();

/** Takes more than the 5 s from which on an answer is news. */
const SLOW = {reply: 'word '.repeat(26), tokensPerSecond: 5};
const IS_BEHIND = '\x1b[O';
const IS_IN_FRONT = '\x1b[I';

test('the title says what goes on, and the terminal has its own again afterwards', async () => {
  const program = chat({loadMs: 300});
  await program.see('ready');
  program.type('hi\r');
  await program.see('You said: hi');
  program.type('/exit\r');
  expect(await program.exited()).toBe(0);
  const {output} = program;
  expect(output.match(/\x1b\]2;[^\x1b]*\x1b\\/g)).toEqual(
    ['… mistral-chat', 'mistral-chat', '… mistral-chat', 'mistral-chat'].map((title) => `\x1b]2;${title}\x1b\\`),
  );
  expect(output.match(/\x1b\[22;2t/g)).toHaveLength(1);
  expect(output.match(/\x1b\[23;2t/g)).toHaveLength(1);
  expect(output.indexOf('\x1b[22;2t')).toBeLessThan(output.indexOf('\x1b]2;'));
  expect(output.indexOf('\x1b[?1004h')).toBeLessThan(output.indexOf('\x1b[?1004l'));
});

test('a title can be left alone', async () => {
  const program = chat({title: false});
  await program.see('ready');
  program.type('/exit\r');
  expect(await program.exited()).toBe(0);
  expect(program.output).not.toMatch(/\x1b\]2;|\x1b\[2[23];2t/);
});

test('an answer that took long is told while another window is in front, as this terminal shows it', async () => {
  const program = chat(SLOW, {env: {TERM_PROGRAM: 'WezTerm'}});
  await program.see('ready');
  program.type(`hi\r${IS_BEHIND}`);
  await program.until(() => /\x1b\]9;The answer is ready \([56] s\)\x1b\\/.test(program.output), 'the notice');
  program.type(`${IS_IN_FRONT}again\r`);
  await program.until(() => (program.text().match(/word/g)?.length ?? 0) >= 52, 'the second answer');
  await program.see('ready');
  expect(program.output.match(/\x1b\]9;/g)).toHaveLength(1);
});

test('a tool that asks is told at once: by the title and a notice', async () => {
  const cwd = folder();
  writeFileSync(join(cwd, 'tools.json'), '[{"name": "add", "description": "Adds", "parameters": {"type": "object"}}]');
  const program = chat({call: {name: 'add', arguments: '{}'}}, {cwd, env: {TERM_PROGRAM: 'iTerm.app'}});
  await program.see('ready');
  program.type(`/tools tools.json\r/tools add=true\r${IS_BEHIND}go\r`);
  await program.see('run add? 1-3');
  expect(program.output).toContain('\x1b]9;Run add? It waits for your answer.\x1b\\');
  expect(program.output).toContain('\x1b]2;! mistral-chat: run add?\x1b\\');
});

test('nothing of it reaches the shell', async () => {
  const program = shell();
  program.type(`${command({notify: 'always'})}\r`);
  await program.see('ready');
  program.type(`${IS_BEHIND}${IS_IN_FRONT}${IS_BEHIND}/exit\r`);
  await program.see(/\$ $/);
  program.type('echo clean\r');
  await program.see(/\$ echo clean\nclean\n/);
});
