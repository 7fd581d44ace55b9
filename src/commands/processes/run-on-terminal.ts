// Runs a program on this terminal for the person, such as an editor.
import {spawn} from 'node:child_process';
import {guard, newMark} from './guard.ts';

export interface TerminalRun {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** False: it cannot read what is typed. Default true. */
  readonly reads?: boolean;
}

/** Resolves with its exit code, null for one that a signal ended; it ends when we do. @throws when it cannot be started. */
export function runOnTerminal(
  command: string,
  args: readonly string[],
  {env, cwd, reads = true}: TerminalRun,
): Promise<number | null> {
  return new Promise((resolve, reject) => {
    // By a hang-up, at which editors put what was written in a safe place.
    const {mark, variable} = newMark();
    const {watch, release} = guard({signal: 'SIGHUP', mark});
    const child = spawn(command, args, {
      stdio: [reads ? 'inherit' : 'ignore', 'inherit', 'inherit'],
      env: {...env, ...variable},
      ...(cwd !== undefined && {cwd}),
    });
    if (child.pid !== undefined) watch(child.pid);
    child.once('error', (error) => {
      release();
      reject(error);
    });
    child.once('exit', (code) => {
      release();
      resolve(code);
    });
  });
}
