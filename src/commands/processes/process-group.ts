// A program in a process group of its own, which can be ended with everything it started.
import {spawn, spawnSync} from 'node:child_process';
import {setTimeout as sleep} from 'node:timers/promises';
import {guard, newMark} from './guard.ts';
import {livingProcesses} from './process-table.ts';

/** After a polite signal. Together with KILLING_MS below the second in which Ctrl-C has to work. */
const GRACE_MS = 300;
/** For the system to take away what was killed. */
const KILLING_MS = 300;
const LOOK_MS = 15;

/** What `end` found: nothing was running any more, something was and is over, something could not be ended. */
export type Remains = 'none' | 'ended' | 'running';

export type GroupProcess = ReturnType<typeof startProcess>;

export interface ProcessGroup {
  readonly child: GroupProcess;
  /** Ends all that still runs within 0.6 s: first asked with SIGTERM, then killed. Never throws. */
  end(): Promise<Remains>;
  /** To be called when nothing more is expected of the group. */
  release(): void;
}

export interface GroupOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Starts a program; it ends with this one. @throws what spawn throws; a program that is not there is an `error` event. */
export function startGroup(program: string, args: readonly string[], {cwd, env}: GroupOptions): ProcessGroup {
  const {mark, variable} = newMark();
  const {watch, release} = guard({signal: 'SIGTERM', mark});
  let child: GroupProcess;
  try {
    child = startProcess(program, args, {cwd, env: {...env, ...variable}});
  } catch (error) {
    release();
    throw error;
  }
  const {pid} = child;
  if (pid === undefined) return {child, end: async () => 'none', release};
  watch(-pid);
  const living = () => livingProcesses({group: pid, mark}) ?? (signalTo(-pid, 0) ? [pid] : []);
  const end = process.platform === 'win32' ? async () => endTree(pid) : () => endGroup(pid, living);
  return {child, end, release};
}

/** On Windows a detached program would get a console window; there is no group of processes. */
function startProcess(program: string, args: readonly string[], options: GroupOptions) {
  const detached = process.platform !== 'win32';
  return spawn(program, args, {...options, stdio: ['pipe', 'pipe', 'pipe'], detached, windowsHide: true});
}

async function endGroup(group: number, living: () => number[]): Promise<Remains> {
  let rest = living();
  if (rest.length === 0) return 'none';
  const signal = (name: NodeJS.Signals) => {
    // The group at once, so that a program that goes on starting others has no time between two of them.
    for (const target of [-group, ...rest]) signalTo(target, name);
  };
  const over = async (name: NodeJS.Signals, forMs: number) => {
    const deadline = performance.now() + forMs;
    while (rest.length > 0 && performance.now() < deadline) {
      await sleep(LOOK_MS);
      rest = living();
      // What was started meanwhile.
      if (name === 'SIGKILL' && rest.length > 0) signal(name);
    }
    return rest.length === 0;
  };
  signal('SIGTERM');
  // A stopped process hears of it only when it runs again.
  signal('SIGCONT');
  if (await over('SIGTERM', GRACE_MS)) return 'ended';
  signal('SIGKILL');
  return (await over('SIGKILL', KILLING_MS)) ? 'ended' : 'running';
}

/** Whether the signal found somebody: not one that is over, nor another user's process. */
function signalTo(target: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(target, signal);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function endTree(pid: number): Remains {
  const {status} = spawnSync('taskkill', ['/pid', String(pid), '/T', '/F'], {stdio: 'ignore', timeout: KILLING_MS * 2});
  return status === 0 ? 'ended' : 'none';
}
