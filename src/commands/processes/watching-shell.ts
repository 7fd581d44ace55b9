// A small shell beside this process that outlives it: the only one left to act when native code crashes or a kill comes.
import {type ChildProcess, spawn} from 'node:child_process';
import type {Writable} from 'node:stream';

/**
 * Starts `script` in a session of its own, which no terminal hangs up and no Ctrl-C reaches. Its stdin ends when this
 * process does. It is a shell because one starts in a millisecond and is on every system but Windows: undefined there.
 */
export function watchingShell(
  script: string,
  args: readonly string[],
  stderr: 'ignore' | 'inherit',
): (ChildProcess & {readonly stdin: Writable}) | undefined {
  if (process.platform === 'win32') return undefined;
  const {PATH} = process.env;
  const shell = spawn('/bin/sh', ['-c', script, 'sh', ...args], {
    stdio: ['pipe', 'ignore', stderr],
    detached: true,
    cwd: '/',
    env: PATH === undefined ? {} : {PATH},
  });
  // Without a shell, or with no room for one more process, nothing watches: better than not to run at all.
  shell.on('error', () => {});
  shell.stdin.on('error', () => {});
  shell.unref();
  return shell as ChildProcess & {readonly stdin: Writable};
}
