// A crash or a kill in the middle of the work is told in a line by what outlives it; an end in order is not.
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {join} from 'node:path';
import {expect, onTestFinished, test, vi} from 'vitest';
import {folderWith} from '../fixtures/folder.ts';
import {programsWith} from '../fixtures/programs-with.ts';
import {randomModel, TINY_SHAPE} from '../fixtures/random-model.ts';

const ROOT = join(import.meta.dirname, '../..');
const LINE =
  'error: ended by a signal: the engine crashed (exit code 132 to 136 or 139), or was killed (137), mostly for want of memory';
/** What a watching shell has in its command line. */
const SHELL = 'ended by a signal: the engine crashed';

/** A chat in a pipe whose model is loaded, and that waits for its next line. */
async function openChat(command: readonly string[] = ['chat']) {
  const folder = folderWith({'tiny.gguf': randomModel(TINY_SHAPE)});
  const argv = [...command, join(folder, 'tiny.gguf'), '--gpu', 'off', '--threads', '1', '--ctx', '256'];
  const env = {...process.env, MISTRAL_STATE_DIR: folder};
  const child = spawn(process.execPath, [join(ROOT, 'bin/mistral.js'), ...argv, '--max-tokens', '2'], {env});
  onTestFinished(() => void child.kill('SIGKILL'));
  let [out, said] = ['', ''];
  child.stdout.on('data', (chunk) => (out += chunk));
  child.stderr.on('data', (chunk) => (said += chunk));
  child.stdin.write('Hello\n');
  await vi.waitFor(() => expect(out).not.toBe(''), 20_000);
  // `close` waits for all that has its stderr: for the shell too.
  return {child, closed: once(child, 'close'), stderr: () => said};
}

test.each(['SIGSEGV', 'SIGABRT', 'SIGBUS', 'SIGILL', 'SIGFPE', 'SIGKILL'] as const)(
  '%s in the middle of the work is told in a line',
  async (signal) => {
    const {child, closed, stderr} = await openChat();
    child.kill(signal);
    expect(await closed).toEqual([null, signal]);
    const lines = stderr().split('\n');
    expect(lines.filter((line) => line.startsWith('error:'))).toEqual([LINE]);
    expect(lines.at(-2)).toBe(
      'After a crash try another file of the model, or --gpu off; for want of memory a smaller file or a smaller --ctx.',
    );
  },
);

test.each([
  ['the end of input', (end: Ending) => end.stdin.end(), [0, null]],
  ['SIGINT', (end: Ending) => end.kill('SIGINT'), [null, 'SIGINT']],
  ['SIGTERM', (end: Ending) => end.kill('SIGTERM'), [null, 'SIGTERM']],
] as const)('%s is no crash', async (_, end, code) => {
  const {child, closed, stderr} = await openChat();
  const before = programsWith(SHELL).length;
  expect(before).toBeGreaterThan(0);
  end(child as Ending);
  expect(await closed).toEqual(code);
  expect(stderr()).not.toContain('error:');
});

interface Ending {
  readonly stdin: {end(): void};
  kill(signal: NodeJS.Signals): boolean;
}
