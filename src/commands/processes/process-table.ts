// Which processes belong to a program that was started: its group, and on Linux what left the group as well.
import {readdirSync, readFileSync} from 'node:fs';

export interface ProgramMark {
  /** The number of the process that was started, and of its group. */
  readonly group: number;
  /** A text that is in the environment of the program and of whatever it starts. */
  readonly mark: string;
}

interface Row {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
}

/**
 * The living processes of a program: those of its group, those descended from it, and those that have its mark, so that
 * `setsid` and a double fork hide none. Undefined where there is no table to read (other systems than Linux).
 */
export function livingProcesses({group, mark}: ProgramMark): number[] | undefined {
  const rows = processTable();
  if (rows === undefined) return undefined;
  const found = new Set(rows.filter((row) => row.group === group || hasMark(row.pid, mark)).map(({pid}) => pid));
  for (let size = -1; size !== found.size; ) {
    size = found.size;
    for (const {pid, parent} of rows) if (parent === group || found.has(parent)) found.add(pid);
  }
  return [...found];
}

/** proc(5): behind the command's name, which may hold blanks and brackets, come state, parent and group. */
function processTable(): Row[] | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    return pids.flatMap((pid) => {
      const stat = readOr(`/proc/${pid}/stat`, '');
      const [state, parent, group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      // A zombie has ended, and only its parent can make it go.
      const isOver = state === undefined || group === undefined || /^[ZX]/.test(state);
      return isOver ? [] : [{pid: Number(pid), parent: Number(parent), group: Number(group)}];
    });
  } catch {
    return undefined;
  }
}

/** False also for the processes of others, whose environment is not to be read. */
function hasMark(pid: number, mark: string): boolean {
  return pid !== process.pid && readOr(`/proc/${pid}/environ`, '').includes(mark);
}

function readOr(path: string, absent: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return absent;
  }
}
