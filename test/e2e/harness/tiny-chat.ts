// The real program with a tiny random model on a pty, each chat with a state folder of its own.
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, afterEach, beforeAll, expect} from 'vitest';
import {randomModel, TINY_SHAPE} from '../../fixtures/random-model.ts';
import {type PtyOptions, PtyProgram} from './pty.ts';

const BIN = join(import.meta.dirname, '../../../bin/mistral-chat.js');

const ends = (program: PtyProgram) => program.text().split('cut off at the length limit').length;

/** Says something and waits for the end of the answer, which is cut by --max-tokens. */
export async function say(program: PtyProgram, text: string): Promise<void> {
  const before = ends(program);
  program.type(`${text}\r`);
  await program.until(() => ends(program) > before && /^ready/m.test(program.text()), `the answer to ${text}`);
}

/** Leaves as a person does; the terminal has to be as it was. */
export async function leave(program: PtyProgram): Promise<void> {
  program.type('/exit\r');
  expect(await program.exited()).toBe(0);
  expect(program.output.endsWith('\x1b[?2004l\x1b[?25h')).toBe(true);
}

/** Starts chats in the tests of the calling file; every one is killed after its test. */
export function tinyChats(): {
  readonly model: string;
  readonly newState: () => string;
  readonly chat: (state: string, args?: readonly string[], options?: PtyOptions) => PtyProgram;
  readonly keep: (program: PtyProgram) => PtyProgram;
  /** The command line of a chat, for a shell. */
  readonly command: string;
} {
  const folder = mkdtempSync(join(tmpdir(), 'mistral-state-'));
  const model = join(folder, 'tiny.gguf');
  const args = [BIN, model, '--instruct', '--gpu', 'off', '--threads', '1', '--logit-bias', '2=-100'];
  const running: PtyProgram[] = [];
  let states = 0;
  beforeAll(() => writeFileSync(model, randomModel(TINY_SHAPE)));
  afterEach(() => {
    for (const program of running.splice(0)) if (program.exitCode === undefined) program.kill('SIGKILL');
  });
  afterAll(() => rmSync(folder, {recursive: true}));
  const keep = (program: PtyProgram) => {
    running.push(program);
    return program;
  };
  return {
    model,
    newState: () => {
      states += 1;
      const state = join(folder, `state-${states}`);
      mkdirSync(state);
      return state;
    },
    chat: (state, more = ['--max-tokens', '8'], options = {}) =>
      keep(
        new PtyProgram(process.execPath, [...args, ...more], {
          ...options,
          env: {...options.env, MISTRAL_STATE_DIR: state},
        }),
      ),
    keep,
    command: [process.execPath, ...args].join(' '),
  };
}
