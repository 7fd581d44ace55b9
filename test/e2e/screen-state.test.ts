// What a chat keeps, and what becomes of it when the disk, another chat or the terminal fails: the real program.
import {existsSync, readdirSync, readFileSync, truncateSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {PtyProgram} from './harness/pty.ts';
import {leave, say, tinyChats} from './harness/tiny-chat.ts';

const {model, newState, chat, keep, command} = tinyChats();

/** Files of the kept chats that end so. */
const files = (state: string, ending: string) =>
  readdirSync(join(state, 'sessions'))
    .filter((name) => name.endsWith(ending))
    .map((name) => join(state, 'sessions', name));

/** What the person said, as it stands in a session's file. */
const said = (file: string) =>
  readFileSync(file, 'utf8')
    .split('\n')
    // Where the disk was full a line is cut off.
    .filter((line) => line.includes('"role":"user"') && line.endsWith('}'))
    .map((line) => JSON.parse(line).message.content);

test('a state folder that cannot be written is told once; the chat goes on', async () => {
  const state = join(model, 'no-folder');
  const program = chat(state);
  await program.see('ready');
  await say(program, 'one');
  await say(program, 'two');
  expect(program.text().match(/this chat is not kept: /g)).toHaveLength(1);
  await leave(program);
});

test('a disk that gets full is told; what fitted is there the next time', async () => {
  const state = newState();
  const program = keep(
    new PtyProgram('bash', ['--norc', '--noprofile', '-i'], {env: {PS1: '$ ', MISTRAL_STATE_DIR: state}}),
  );
  program.type(`ulimit -f 4; ${command} --max-tokens 8\r`);
  await program.see('ready');
  await say(program, 'small');
  for (const letter of ['a', 'b', 'c']) await say(program, letter.repeat(400));
  await say(program, 'd'.repeat(400));
  expect(program.text()).toMatch(/this chat is not kept: the file is too large for this disk/);
  program.type('/exit\r');
  await program.see(/\$ $/);
  const resumed = chat(state, ['--max-tokens', '8', '--continue']);
  await resumed.see('earlier messages');
  await resumed.see('ready');
  // What may stand in the prompt again is cleared.
  resumed.type('\x03');
  await say(resumed, 'goes on');
  const [file = ''] = files(state, '.jsonl');
  expect(said(file)[0]).toBe('small');
  expect(said(file).at(-1)).toBe('goes on');
  await leave(resumed);
});

test('a damaged cache is not used: the messages are evaluated', async () => {
  const state = newState();
  const first = chat(state);
  await first.see('ready');
  await say(first, 'one');
  await leave(first);
  const [cache = ''] = files(state, '.kv');
  truncateSync(cache, 100);
  const second = chat(state, ['--max-tokens', '8', '--continue']);
  await second.see('ready');
  expect(second.text()).toContain('▌ one');
  await say(second, 'two');
  second.type('/stats\r');
  await second.see(/tokens, 0 of them cached/);
  await leave(second);
  const third = chat(state, ['--max-tokens', '8', '--continue']);
  await third.see('ready');
  await say(third, 'three');
  third.type('/stats\r');
  await third.see(/tokens, [1-9]\d* of them cached/);
  await leave(third);
});

test('a session that is none is refused before the screen; one with damaged lines goes on with the rest', async () => {
  const state = newState();
  const first = chat(state);
  await first.see('ready');
  await say(first, 'one');
  await leave(first);
  const [file = ''] = files(state, '.jsonl');
  const whole = readFileSync(file, 'utf8');
  writeFileSync(file, '\u0000garbage\n{"type":\n');
  const refused = chat(state, ['--continue']);
  expect(await refused.exited()).toBe(1);
  expect(refused.text()).toMatch(/is no session/);
  expect(refused.text()).toContain('`mistral sessions list` shows the available sessions');
  writeFileSync(file, `${whole}{"type":"message","node"\n\u0000\u0001`);
  const resumed = chat(state, ['--max-tokens', '8', '--continue']);
  await resumed.see('ready');
  expect(resumed.text()).toContain('▌ one');
  expect(resumed.text()).toMatch(/session \S+: 2 damaged lines were left out/);
  await say(resumed, 'two');
  await leave(resumed);
  expect(said(file)).toEqual(['one', 'two']);
});

test('a message is on the disk at Enter, while the model is loaded; the next chat has it in its prompt', async () => {
  const state = newState();
  const first = chat(state);
  await first.see('> Type');
  first.type('remember me\r');
  await first.until(() => existsSync(join(state, 'sessions')) && files(state, '.jsonl').length > 0, 'the file');
  first.kill('SIGKILL');
  await first.exited();
  const second = chat(state, ['--max-tokens', '8', '--continue']);
  await second.see(/is in the prompt again|> remember me/);
  await second.see('remember me');
  await second.see('ready');
  second.type('\x03');
  await leave(second);
});

test('a chat that is open is resumed as a copy, with a line that says so', async () => {
  const state = newState();
  const first = chat(state);
  await first.see('ready');
  await say(first, 'one');
  const second = chat(state, ['--max-tokens', '8', '--continue']);
  await second.see(/session \S+ is open in another chat; this one goes on as/);
  await second.see('ready');
  await say(second, 'two');
  await say(first, 'three');
  await Promise.all([leave(first), leave(second)]);
  // Chats begun in one second are named in any order.
  expect(
    files(state, '.jsonl')
      .map((file) => said(file).join())
      .sort(),
  ).toEqual(['one,three', 'one,two']);
  expect(files(state, '.lock')).toEqual([]);
});

test.each([
  ['the terminal vanishes', 'SIGHUP'],
  ['the program is killed', 'SIGKILL'],
])('when %s in mid-answer the next chat goes on with what was said', async (_, signal) => {
  const state = newState();
  // An answer is kept by the line: token 24 is the line feed, likely enough to come long before the context is full.
  const first = chat(state, ['--max-tokens', '100000', '--logit-bias', '24=4', '--seed', '1']);
  await first.see('ready');
  first.type('question\r');
  await first.until(
    () => files(state, '.jsonl').some((file) => readFileSync(file, 'utf8').includes('"partial"')),
    'a part of the answer that is kept',
  );
  first.kill(signal);
  await first.exited();
  expect(first.signal).toBe(signal === 'SIGHUP' ? 1 : 9);
  const second = chat(state, ['--max-tokens', '8', '--continue']);
  await second.see('ready');
  expect(second.text()).toContain('▌ question');
  await leave(second);
  const [file = ''] = files(state, '.jsonl');
  expect(said(file)).toEqual(['question']);
  const roles = [...readFileSync(file, 'utf8').matchAll(/"role":"(\w+)"/g)].map(([, role]) => role);
  expect(roles).toEqual(['user', 'assistant']);
});

test('a terminal of 40x10 and one of 3 rows show the whole program', async () => {
  for (const size of [
    {columns: 40, rows: 10},
    {columns: 24, rows: 3},
  ]) {
    const program = chat(newState(), ['--max-tokens', '8'], size);
    await program.see('> Type');
    program.type('hello\r');
    await program.see(/cut off at the length\s+limit/);
    program.type('\x04');
    expect(await program.exited()).toBe(0);
    expect(program.output).not.toMatch(/\x1b\[[23]J/);
  }
});
