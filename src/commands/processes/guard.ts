// Ends a program that this one started when this one dies, whatever it dies of: hang-up, crash, kill -9.
import {randomUUID} from 'node:crypto';
import {watchingShell} from './watching-shell.ts';

/** The name of the variable by which the processes of a program are known again. */
const MARK = 'MISTRAL_CHILD';

/** A mark that no other program has, and the variable that gives it to a program and to whatever that starts. */
export function newMark(): {readonly mark: string; readonly variable: NodeJS.ProcessEnv} {
  const id = randomUUID();
  return {mark: `${MARK}=${id}`, variable: {[MARK]: id}};
}

export interface GuardOptions {
  /** What the program is asked with first; what is still there after `graceMs` is killed. */
  readonly signal: 'SIGTERM' | 'SIGHUP';
  /** Without it, 300. */
  readonly graceMs?: number;
  /** A text that will be in the environment of the program and of whatever it starts (Linux). */
  readonly mark?: string;
}

export interface Guard {
  /** Whom to end: a process, or with a minus the group of that number. Until then it is known by its mark alone. */
  watch(target: number): void;
  /** To be called when the program is over, or was never started. */
  release(): void;
}

/** Its stdin ends when we do; if it was not told before that the program is over, we died. */
const SCRIPT = `
read -r signal tries mark || exit 0
target=
while read -r word value; do
  case "$word" in
    watch) target="$value" ;;
    over) exit 0 ;;
  esac
done
[ -n "$target" ] && kill -s "$signal" -- "$target" && kill -s CONT -- "$target"
# Also without a target: what is just being started has no mark yet.
while sleep 0.1 || sleep 1; [ "$((tries -= 1))" -gt 0 ]; do
  [ -n "$target" ] && { kill -s 0 -- "$target" || break; }
done
[ -n "$target" ] && kill -s KILL -- "$target"
[ -z "$mark" ] && exit 0
for file in $(grep -ls -- "$mark" /proc/[0-9]*/environ); do
  process="\${file#/proc/}"
  kill -s KILL "\${process%/environ}"
done`;

/** Starts to watch; to be called before the program is started, as we may die at any moment. Does nothing on Windows. */
export function guard({signal, graceMs = 300, mark = ''}: GuardOptions): Guard {
  const watcher = watchingShell(SCRIPT, [], 'ignore');
  if (watcher === undefined) return {watch() {}, release() {}};
  watcher.stdin.write(`${signal.slice(3)} ${Math.ceil(graceMs / 100)} ${mark}\n`);
  return {
    watch: (target) => void watcher.stdin.write(`watch ${target}\n`),
    release: () => void watcher.stdin.end('over\n'),
  };
}
