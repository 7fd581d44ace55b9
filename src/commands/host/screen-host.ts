// The real terminal and process behind the chat screen.

import {availableParallelism, tmpdir} from 'node:os';
import {performance} from 'node:perf_hooks';
import {Writable} from 'node:stream';
import type {ReadStream, WriteStream} from 'node:tty';
import type {Host} from '../../ui/screen/draw/terminal.ts';
import {runOnTerminal} from '../processes/run-on-terminal.ts';
import {homeFolder} from './folders.ts';
import {type Io, ioOn, STREAMS} from './io.ts';

/**
 * The host of a screen on this process's terminal; both streams have to be terminals. `childEnv` is what the programs it
 * runs for the person, such as an editor, see of the environment.
 */
export function screenHost(stop: AbortSignal, childEnv: NodeJS.ProcessEnv): Host {
  const stdin = process.stdin as ReadStream;
  const stdout = process.stdout as WriteStream;
  // At a file size limit (ulimit -f) the write fails instead of the program, as on a full disk.
  process.on('SIGXFSZ', () => {});
  return {
    stdin,
    stdout: {
      getWindowSize: () => currentSize(stdout),
      write: (text) => stdout.write(text),
      on: (event, listener) => stdout.on(event, listener),
      off: (event, listener) => stdout.off(event, listener),
    },
    env: process.env,
    cwd: process.cwd(),
    home: homeFolder(process.env),
    tmpdir: tmpdir(),
    cores: availableParallelism(),
    stop,
    now: () => performance.now(),
    suspend: () =>
      new Promise((resolve) => {
        // A signal handler alone does not keep the process running once it is continued.
        const alive = setInterval(() => {}, 60_000);
        process.once('SIGCONT', () => {
          clearInterval(alive);
          resolve();
        });
        process.kill(0, 'SIGTSTP');
      }),
    run: (command, args) => runOnTerminal(command, args, {env: childEnv}).then((code) => code ?? 1),
    onHangup: (handler) => {
      process.on('SIGHUP', handler);
      stdin.once('end', handler);
      stdin.once('error', handler);
    },
    onExit: (handler) => {
      process.once('exit', handler);
      return () => process.off('exit', handler);
    },
  };
}

/** Asks the terminal: what Node remembers is as old as the last signal it has handled. */
function currentSize(stdout: WriteStream & {_refreshSize?(): void}): [columns: number, rows: number] {
  stdout._refreshSize?.();
  return stdout.getWindowSize();
}

/**
 * The same as `io` with its own `stop`, whose messages become notes in the chat: nothing else may write on the screen.
 * Each goes to `note` without its line end.
 */
export function notingIo(io: Io, note: (text: string) => void, stop: AbortSignal): Io {
  const stderr = new Writable({
    write(chunk, _encoding, done) {
      note(String(chunk).replace(/\n$/, ''));
      done();
    },
  });
  return ioOn({...io, stdout: io[STREAMS].stdout, stderr, stop});
}
