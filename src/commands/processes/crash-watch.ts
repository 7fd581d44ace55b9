// Tells in a line that this process crashed or was killed in the middle of its work, which it cannot tell itself.
import {isMainThread} from 'node:worker_threads';
import {onDeath} from './before-death.ts';
import {watchingShell} from './watching-shell.ts';

/** Nobody but the parent learns the signal: the sentence names what each exit code means. */
const LINES = [
  'error: ended by a signal: the engine crashed (exit code 132 to 136 or 139), or was killed (137), mostly for want of memory',
  'After a crash try another file of the model, or --gpu off; for want of memory a smaller file or a smaller --ctx.',
];

/** Whoever ends in order kills this shell first. A terminal may have been left without line ends: `\r` is harmless. */
const SCRIPT = `read -r word && exit 0
end='\\n'
[ -t 2 ] && end='\\r\\n'
for line; do printf "%s$end" "$line"; done >&2`;

let watched = false;

/**
 * Watches, once however many models are opened, until this process ends in order. Costs two milliseconds of it, and a shell that waits.
 * The exit code of a crash stays that of the signal: a parent alone could change it, and that would be a second Node.
 */
export function watchForCrash(): void {
  // A thread ends without the process, and its shell would tell of a crash that was none.
  if (watched || !isMainThread) return;
  watched = true;
  const shell = watchingShell(SCRIPT, LINES, 'inherit');
  if (shell === undefined) return;
  // At once and not by a word to it: what is written now may not leave any more.
  const release = () => void shell.kill('SIGKILL');
  process.once('exit', release);
  onDeath(release);
}
