// Who holds a lock: a process, told from an earlier one with the same number and from one on another machine.
import {readFileSync, readlinkSync} from 'node:fs';
import {hostname} from 'node:os';

/** What a lock file says of its holder. */
export interface ProcessMark {
  /** Where `pid` counts: the machine, and on Linux the container in it. */
  readonly host: string;
  readonly pid: number;
  /** When it started, as the system counts; '' where the system does not say. */
  readonly start: string;
}

/** A process that takes locks, and how it sees others on its host. */
export interface LockOwner {
  readonly mark: ProcessMark;
  /** Whether the process of this mark still runs; both are on one host. */
  isAlive(mark: ProcessMark): boolean;
}

let own: ProcessMark | undefined;

/** This process as an owner of locks. */
export const thisProcess: LockOwner = {
  get mark() {
    own ??= {host: hostMark(), pid: process.pid, start: lookUp(process.pid)?.start ?? ''};
    return own;
  },
  isAlive,
};

/** True for a process with this number that started when the mark says; one that the system does not describe counts. */
export function isAlive({pid, start}: Pick<ProcessMark, 'pid' | 'start'>): boolean {
  if (!isRunning(pid)) return false;
  const found = lookUp(pid);
  if (found === undefined) return true;
  return !found.isZombie && (start === '' || found.start === start);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function hostMark(): string {
  try {
    // Containers of one host may share its name, and each counts its processes from 1.
    return `${hostname()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
}

interface Found {
  readonly start: string;
  /** Killed, and not yet taken notice of by the process that started it. */
  readonly isZombie: boolean;
}

function lookUp(pid: number): Found | undefined {
  if (process.platform === 'win32') return undefined;
  return process.platform === 'linux' ? fromProc(pid) : fromPs(pid);
}

/** proc(5): the command's name may hold blanks and brackets; the state is field 3, the start (in clock ticks) field 22. */
function fromProc(pid: number): Found | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return {start: fields[19] ?? '', isZombie: fields[0] === 'Z' || fields[0] === 'X'};
  } catch {
    return undefined;
  }
}

function fromPs(pid: number): Found | undefined {
  // Not loaded before it is needed: on Linux it never is.
  const {spawnSync} = process.getBuiltinModule('node:child_process');
  const env = {...process.env, LC_ALL: 'C', TZ: 'UTC'};
  const {stdout} = spawnSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {env, encoding: 'utf8', timeout: 2000});
  const [, state, start] = /^\s*(\S+)\s+(\S.*?)\s*$/.exec(stdout ?? '') ?? [];
  return state === undefined ? undefined : {start: start ?? '', isZombie: state.startsWith('Z')};
}
