// The classic prompt loop in a real terminal: asks, answers, is interrupted, and leaves the terminal as it was.
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, expect, test} from 'vitest';
import {randomModel, TINY_SHAPE} from '../fixtures/random-model.ts';
import {PtyProgram} from './harness/pty.ts';

const folder = mkdtempSync(join(tmpdir(), 'plain-'));
const model = join(folder, 'tiny.gguf');
const RULE = '='.repeat(21);

beforeAll(() => writeFileSync(model, randomModel(TINY_SHAPE)));
afterAll(() => rmSync(folder, {recursive: true}));

function start(...args: readonly string[]): PtyProgram {
  const bin = join(import.meta.dirname, '../../bin/mistral-chat.js');
  return new PtyProgram(process.execPath, [bin, model, '--plain', '--gpu', 'off', '--threads', '1', ...args]);
}

test('what is typed while the model loads is answered, Ctrl-C stops an answer, Ctrl-D leaves', async () => {
  const program = start('--logit-bias', '2=-100', '--max-tokens', '100000', '--ctx', '65536', '--stream-json');
  program.type('typed early\r');
  await program.see('Prompt: ');
  await program.see('"delta"');
  program.type('\x03');
  await program.see('"finish_reason":"aborted"');
  program.type('\x04');
  expect(await program.exited()).toBe(0);
  expect(program.output.slice(program.output.indexOf('Prompt: '))).not.toContain('\x1b');
});

test('each answer is followed by a rule, Ctrl-C at the prompt ends the program', async () => {
  const program = start('--instruct', '--max-tokens', '2');
  await program.see('Prompt: ');
  program.type('hi\r');
  await program.see(RULE);
  await program.until(() => program.lines().at(-1)?.trimEnd() === 'Prompt:', 'the next prompt');
  program.type('\x03');
  expect(await program.exited()).not.toBe(1);
  expect(program.signal).toBe(2);
});

test('for a screen reader lines are only ever added: no control sequence at all, no rule', async () => {
  const spoken = start('--instruct', '--max-tokens', '40', '--screen-reader');
  await spoken.see('The model is being loaded.');
  await spoken.see('Prompt: ');
  spoken.type('hi\r');
  await spoken.until(() => spoken.text().split('Prompt:').length === 3, 'the next prompt');
  spoken.type('\x04');
  expect(await spoken.exited()).toBe(0);
  expect(spoken.output).not.toContain('\x1b');
  expect(spoken.output).not.toContain(RULE);
});
