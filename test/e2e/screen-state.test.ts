// What a chat keeps, and what becomes of it when the disk, another chat or the terminal fails: the real program.
import {mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, afterEach, beforeAll, expect, test} from 'vitest';
import {randomModel, TINY_SHAPE} from '../fixtures/random-model.ts';
import {type PtyOptions, PtyProgram} from './harness/pty.ts';

const folder = mkdtempSync(join(tmpdir(), 'mistral-state-'));
const model = join(folder, 'tiny.gguf');
const BIN = join(import.meta.dirname, '../../bin/mistral-chat.js');
const ARGS = ['--instruct', '--gpu', 'off', '--threads', '1', '--logit-bias', '2=-100'];
const running: PtyProgram[] = [];
let states = 0;

beforeAll(() => writeFileSync(model, randomModel(TINY_SHAPE)));
afterEach(() => {
  for (const program of running.splice(0)) if (program.exitCode === undefined) program.kill('SIGKILL');
});
afterAll(() => rmSync(folder, {recursive: true}));

function newState(): string {
  states += 1;
  const state = join(folder, `state-${states}`);
  mkdirSync(state);
  return state;
}

function keep(program: PtyProgram): PtyProgram {
  running.push(program);
  return program;
}

function chat(state: string, args: readonly string[] = ['--max-tokens', '8'], options: PtyOptions = {}): PtyProgram {
  const env = {MISTRAL_STATE_DIR: state};
  return keep(new PtyProgram(process.execPath, [BIN, model, ...ARGS, ...args], {...options, env}));
}

/** Says something and waits for the end of the answer. */
async function say(program: PtyProgram, text: string): Promise<void> {
  const before = ends(program);
  program.type(`${text}\r`);
  await program.until(() => ends(program) > before && /^ready/m.test(program.text()), `the answer to ${text}`);
}

const ends = (program: PtyProgram) => program.text().split('stop: length').length;

async function leave(program: PtyProgram): Promise<void> {
  program.type('/exit\r');
  expect(await program.exited()).toBe(0);
  expect(program.output.endsWith('\x1b[?2004l\x1b[?25h')).toBe(true);
}

/** Files of the kept chats that end so. */
const files = (state: string, ending: string) =>
  readdirSync(join(state, 'sessions'))
    .filter((name) => name.endsWith(ending))
    .map((name) => join(state, 'sessions', name));

/** What the person said, as it stands in a session's file. */
const said = (file: string) =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.includes('"role":"user"'))
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
  program.type(`ulimit -f 2; ${process.execPath} ${BIN} ${model} ${ARGS.join(' ')} --max-tokens 8\r`);
  await program.see('ready');
  await say(program, 'small');
  for (const letter of ['a', 'b', 'c']) await say(program, letter.repeat(400));
  await say(program, 'd'.repeat(400));
  expect(program.text()).toMatch(/this chat is not kept: E/);
  program.type('/exit\r');
  await program.see(/\$ $/);
  const resumed = chat(state, ['--max-tokens', '8', '--continue']);
  await resumed.see('earlier messages');
  await resumed.see('ready');
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
  expect(second.text()).toContain('> one');
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
  expect(refused.text()).toContain('`mistral sessions list` shows those there are');
  writeFileSync(file, `${whole}{"type":"message","node"\n\u0000\u0001`);
  const resumed = chat(state, ['--max-tokens', '8', '--continue']);
  await resumed.see('ready');
  expect(resumed.text()).toContain('> one');
  await say(resumed, 'two');
  await leave(resumed);
  expect(said(file)).toEqual(['one', 'two']);
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
  expect(files(state, '.jsonl').map(said)).toEqual([
    ['one', 'three'],
    ['one', 'two'],
  ]);
  expect(files(state, '.lock')).toEqual([]);
});

test.each([
  ['the terminal vanishes', 'SIGHUP'],
  ['the program is killed', 'SIGKILL'],
])('when %s in mid-answer the next chat goes on with what was said', async (_, signal) => {
  const state = newState();
  const first = chat(state, ['--max-tokens', '100000']);
  await first.see('ready');
  first.type('question\r');
  await first.see(/generating · [\d.]+ tok\/s · \d{2,} tok/);
  first.kill(signal);
  await first.exited();
  expect(first.signal).toBe(signal === 'SIGHUP' ? 1 : 9);
  const second = chat(state, ['--max-tokens', '8', '--continue']);
  await second.see('ready');
  expect(second.text()).toContain('> question');
  await say(second, 'and on');
  await leave(second);
  const [file = ''] = files(state, '.jsonl');
  expect(said(file)).toEqual(['question', 'and on']);
  const roles = [...readFileSync(file, 'utf8').matchAll(/"role":"(\w+)"/g)].map(([, role]) => role);
  expect(roles).toEqual(['user', 'assistant', 'user', 'assistant']);
});

test('a terminal of 40x10 and one of 3 rows show the whole program', async () => {
  for (const size of [
    {columns: 40, rows: 10},
    {columns: 24, rows: 3},
  ]) {
    const program = chat(newState(), ['--max-tokens', '8'], size);
    await program.see('> Ask');
    program.type('hello\r');
    await program.see('stop: length');
    program.type('\x04');
    expect(await program.exited()).toBe(0);
    expect(program.output).not.toMatch(/\x1b\[[23]J/);
  }
});
