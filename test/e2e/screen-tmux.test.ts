import {execFileSync, spawnSync} from 'node:child_process';
import {setTimeout as sleep} from 'node:timers/promises';
import {afterAll, expect, test} from 'vitest';
import {chatPrograms} from './harness/chat-app.ts';

const {shell, command} = chatPrograms();
const hasTmux = spawnSync('tmux', ['-V']).status === 0;
const socket = `mistral-test-${process.pid}`;
const tmux = (...args: string[]) =>
  execFileSync('tmux', ['-L', socket, '-f', '/dev/null', ...args], {encoding: 'utf8'});

interface Seat {
  type(keys: string): void;
  text(): string;
}

/** A shell in tmux, a second emulator with job control of its own; without tmux, in the emulator of the other tests. */
function seat(): Seat {
  if (!hasTmux) return shell();
  const environment = ['env', '-u', 'CI', '-u', 'NODE_ENV', '-u', 'NO_COLOR', 'PS1=$ ', 'LANG=C.UTF-8'];
  tmux(
    'new-session',
    '-d',
    '-s',
    'chat',
    '-x',
    '80',
    '-y',
    '24',
    [...environment, 'bash', '--norc', '--noprofile', '-i'].join(' ').replace('PS1=$ ', "'PS1=$ '"),
  );
  return {
    type: (keys) => void tmux('send-keys', '-t', 'chat', '-l', keys),
    text: () => tmux('capture-pane', '-t', 'chat', '-p', '-S', '-200'),
  };
}

async function see(from: Seat, text: string | RegExp): Promise<void> {
  const end = Date.now() + 15_000;
  while (typeof text === 'string' ? !from.text().includes(text) : !text.test(from.text())) {
    if (Date.now() > end) throw new Error(`waited for ${text}; the screen is:\n${from.text()}`);
    await sleep(30);
  }
}

afterAll(() => {
  if (hasTmux) spawnSync('tmux', ['-L', socket, 'kill-server']);
});

test('a chat in a second emulator: the shell above stays, Ctrl-Z and fg work, the end gives the shell back', async () => {
  const here = seat();
  await see(here, '$');
  here.type('echo earlier-line\r');
  await see(here, /^earlier-line$/m);
  here.type(`${command({reply: 'The **answer** is `42`.'})}\r`);
  await see(here, 'ready');
  here.type('question\r');
  await see(here, 'The answer is 42.');
  here.type('\x1a');
  await see(here, 'Stopped');
  here.type('fg\r');
  await see(here, /ready[^\n]*\n> Type a message[^\n]*\n*$/);
  here.type('/exit\r');
  await see(here, /\$ *\n*$/);
  expect(here.text()).toMatch(/^earlier-line$/m);
  expect(here.text()).not.toContain('Type a message');
});
