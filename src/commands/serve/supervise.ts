// Runs a long-lived command in a child process and tells how it ended: a crash of native code leaves nobody else to.
import {spawn} from 'node:child_process';
import {constants} from 'node:os';
import {sayOn} from '../host/io.ts';
import {guard, newMark} from '../processes/guard.ts';

const PASSED_ON = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'] as const;

/** What the system ends a process with that did wrong. */
const CRASHES = new Map<NodeJS.Signals, string>([
  ['SIGABRT', 'it stopped on an internal error, or ran out of memory; its last messages are above'],
  ['SIGSEGV', 'it accessed invalid memory'],
  ['SIGBUS', 'a file it was reading got shorter, or memory failed'],
  ['SIGILL', 'this processor lacks an instruction that it needs'],
  ['SIGFPE', 'an arithmetic error'],
  ['SIGKILL', 'it was killed, perhaps by the system because memory ran out'],
]);
/** How a process was ended that did wrong, for people; undefined for a signal that ends what is asked to. */
export function crashLine(signal: NodeJS.Signals): string | undefined {
  const why = CRASHES.get(signal);
  return why && `(${signal}, ${128 + constants.signals[signal]}): ${why}`;
}

/** The exit code of `engine_failed`. */
const CRASHED = 5;

/** What a supervised child finds in its environment: the process that watches over it. */
const MARK = 'MISTRAL_SUPERVISOR';
/** For a server whose supervisor is gone: whoever starts it again wants its port. */
const ORPHAN_MS = 5000;

/** True in the child of `supervise`, once: what that starts is no such child. */
export function isSupervised(): boolean {
  const is = process.env[MARK] !== undefined;
  delete process.env[MARK];
  return is;
}

/**
 * Starts this same program again and stands in for it: streams are shared, signals passed on, the exit code or the
 * signal it ended by taken over; a crash becomes one line on stderr and exit code 5. Never returns.
 */
export function supervise(): void {
  // The child may be anywhere in native code, or stopped, when this process is killed: it cannot be left to itself to end.
  const {mark, variable} = newMark();
  const {watch, release} = guard({signal: 'SIGTERM', graceMs: ORPHAN_MS, mark});
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    stdio: 'inherit',
    env: {...process.env, ...variable, [MARK]: String(process.pid)},
    // In a group of its own: Ctrl-C would reach it twice, and the second time means "at once".
    detached: true,
  });
  if (child.pid !== undefined) watch(-child.pid);
  for (const signal of PASSED_ON) process.on(signal, () => child.kill(signal));
  process.on('SIGTSTP', () => {
    child.kill('SIGSTOP');
    process.kill(process.pid, 'SIGSTOP');
  });
  process.on('SIGCONT', () => child.kill('SIGCONT'));
  child.on('error', (error) => {
    release();
    sayOn(process.stderr, `error: ${process.execPath} cannot be started: ${error.message}`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => {
    release();
    if (signal === null) return process.exit(code ?? 1);
    const crash = crashLine(signal);
    if (crash !== undefined) {
      sayOn(process.stderr, `error: the engine crashed ${crash}`);
      return process.exit(CRASHED);
    }
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}
