// The classic prompt loop in a real terminal: asks, answers, is interrupted, and leaves the terminal as it was. With
// --instruct it knows the screen's commands and keeps its chats.
import {existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, expect, test} from 'vitest';
import {randomModel, TINY_SHAPE} from '../fixtures/random-model.ts';
import {runProgram} from './harness/program.ts';
import {PtyProgram} from './harness/pty.ts';

const folder = mkdtempSync(join(tmpdir(), 'plain-'));
const model = join(folder, 'tiny.gguf');
const RULE = '='.repeat(21);

beforeAll(() => writeFileSync(model, randomModel(TINY_SHAPE)));
afterAll(() => rmSync(folder, {recursive: true}));

/** Starts the loop with the state folder `state`, a name. */
function start(state: string, ...args: readonly string[]): PtyProgram {
  const bin = join(import.meta.dirname, '../../bin/mistral-chat.js');
  const env = {MISTRAL_STATE_DIR: join(folder, state)};
  return new PtyProgram(process.execPath, [bin, model, '--plain', '--gpu', 'off', '--threads', '1', ...args], {env});
}

/** Nothing ends such an answer but Ctrl-C. */
const ENDLESS = ['--logit-bias', '2=-100', '--max-tokens', '100000', '--ctx', '65536'];

/** Types a line and waits for the next prompt. */
async function enter(program: PtyProgram, line: string): Promise<void> {
  const before = prompts(program);
  program.type(`${line}\r`);
  await program.until(() => prompts(program) > before && program.lines().at(-1)?.trimEnd() === 'Prompt:', line);
}

const prompts = (program: PtyProgram) => program.text().split('Prompt:').length;

test('what is typed while the model loads is answered, Ctrl-C stops an answer, Ctrl-D leaves', async () => {
  const program = start('early', ...ENDLESS, '--stream-json');
  program.type('typed early\r');
  await program.see('Prompt: ');
  await program.see('"delta"');
  program.type('\x03');
  await program.see('"finish_reason":"aborted"');
  program.type('\x04');
  expect(await program.exited()).toBe(0);
  expect(program.output.slice(program.output.indexOf('Prompt: '))).not.toContain('\x1b');
});

test('Ctrl-C stops an answer of a chat, what was said is kept', async () => {
  const program = start('stopped', ...ENDLESS, '--instruct');
  await program.see('Prompt: ');
  program.type('hi\r');
  // Past the echo: the answer.
  await program.see(/Prompt: hi\n[\s\S]*\S/);
  program.type('\x03');
  await program.until(() => prompts(program) === 3, 'the next prompt');
  await enter(program, '/undo');
  expect(program.text()).toContain('removed: hi');
  program.type('\x04');
  expect(await program.exited()).toBe(0);
});

test('each answer is followed by a rule, Ctrl-C at the prompt ends the program', async () => {
  const program = start('rule', '--instruct', '--max-tokens', '2');
  await program.see('Prompt: ');
  program.type('hi\r');
  await program.see(RULE);
  await program.until(() => program.lines().at(-1)?.trimEnd() === 'Prompt:', 'the next prompt');
  program.type('\x03');
  expect(await program.exited()).not.toBe(1);
  expect(program.signal).toBe(2);
});

test('for a screen reader lines are only ever added: no control sequence at all, no rule', async () => {
  const spoken = start('spoken', '--instruct', '--max-tokens', '40', '--screen-reader');
  await spoken.see('The model is being loaded.');
  await spoken.see('Prompt: ');
  spoken.type('hi\r');
  await spoken.until(() => spoken.text().split('Prompt:').length === 3, 'the next prompt');
  spoken.type('\x04');
  expect(await spoken.exited()).toBe(0);
  expect(spoken.output).not.toContain('\x1b');
  expect(spoken.output).not.toContain(RULE);
});

test('the commands of the screen work, and what needs one says so', async () => {
  const program = start('commands', '--instruct', '--max-tokens', '4', '--logit-bias', '2=-100', '--no-save');
  await program.see('Prompt: ');
  for (const line of ['hi', '/help', '/keys', '/set temp 0', '/tokens', '/regen', '/undo', '/save']) {
    await enter(program, line);
  }
  const text = program.text();
  expect(text).toContain('talk   /regen     answer your last message again');
  expect(text).toContain('error  /keys needs the screen\n  try  your terminal edits the line');
  expect(text).toContain('Prompt: /set temp 0\ntemperature = 0\nPrompt: /tokens\n5 tokens\n1<<s>> 3<[INST]> ');
  expect(text.split(RULE)).toHaveLength(3);
  expect(text).toContain('Prompt: /undo\nremoved: hi\nPrompt: /save\nerror  chats are not being saved (--no-save)');
  program.type('/exit\r');
  expect(await program.exited()).toBe(0);
  expect(existsSync(join(folder, 'commands'))).toBe(false);
});

test('a chat is kept, also when Ctrl-C ends it, and gone on with; the cache too', async () => {
  const args = ['--instruct', '--max-tokens', '4', '--logit-bias', '2=-100'];
  const first = start('kept', ...args);
  await first.see('Prompt: ');
  await enter(first, 'one');
  await enter(first, '/save');
  const file = /saved as \S+ in (\S+)/.exec(first.text())?.[1] ?? '';
  first.type('\x03');
  await first.exited();
  expect(first.signal).toBe(2);
  const second = start('kept', ...args, '--continue', '--screen-reader');
  await second.see(/^Prompt: one\n/m);
  await enter(second, 'two');
  await enter(second, '/stats');
  expect(second.text()).toMatch(/^prompt {5}\d+ tokens, (?!0 of)\d+ of them cached/m);
  expect(second.output).not.toContain('\x1b');
  second.type('\x04');
  expect(await second.exited()).toBe(0);
  const said = [...readFileSync(file, 'utf8').matchAll(/"role":"user","content":"(\w+)"/g)].map(([, text]) => text);
  expect(said).toEqual(['one', 'two']);
});

test('a pipe gets the answers and keeps nothing: a slash is text there', async () => {
  const state = join(folder, 'pipe');
  const args = [model, '--instruct', '--gpu', 'off', '--threads', '1', '--max-tokens', '2', '--logit-bias', '2=-100'];
  const {code, stdout} = await runProgram('mistral-chat', args, {stdin: '/help\n', env: {MISTRAL_STATE_DIR: state}});
  expect(code).toBe(0);
  expect(stdout).not.toContain('/regen');
  expect(existsSync(state)).toBe(false);
});
