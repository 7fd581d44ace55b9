// Asks npm where a package lies: which registry that is, through which proxy and with which name, is its business.
import {execFile} from 'node:child_process';
import {promisify} from 'node:util';
import {EngineError} from '../../base/errors.ts';
import {parsePlainJson} from '../../base/plain-json.ts';
import {complete, text} from '../../base/shape.ts';
import type {Io} from '../host/io.ts';

export interface RegistryPackage {
  /** Where its archive is fetched. */
  readonly tarball: string;
  /** As subresource integrity. */
  readonly integrity: string;
}

const ASKED_MS = 60_000;
const dist = complete({tarball: text, integrity: text});

/**
 * The package `name@version` as the registry describes it.
 * @throws EngineError `backend_unreachable` with what to do on a machine that has no network, or no npm
 */
export async function askRegistry({env, stop}: Io, spec: string): Promise<RegistryPackage> {
  // On Windows npm is a script, which only a shell starts; nothing of the line comes from outside.
  const options = {env, signal: stop, timeout: ASKED_MS, shell: process.platform === 'win32'};
  try {
    const {stdout} = await promisify(execFile)('npm', ['view', spec, 'dist', '--json'], options);
    return dist(parsePlainJson(stdout));
  } catch (cause) {
    stop.throwIfAborted();
    const isMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    const why = isMissing ? 'npm is not there to ask' : 'npm has no answer';
    throw new EngineError('backend_unreachable', `${spec} cannot be found: ${why}`, {
      hint: fetchedElsewhere(spec),
      cause,
    });
  }
}

/** The way without this machine's network. */
export function fetchedElsewhere(spec: string): string {
  return `Where there is a network, run: npm pack ${spec}; then here: mistral setup gpu --from FILE.tgz`;
}
