// Where the server listens: addresses of the network, and sockets in the file system.
import {EngineError} from '../../base/errors.ts';
import {isLoopback} from '../access.ts';

export type ListenAddress =
  | {readonly kind: 'network'; readonly host: string}
  | {readonly kind: 'socket'; readonly path: string};

/** The path is bound by another name first, which is a little longer; the system takes 107 bytes. */
const LONGEST_PATH = 85;

/**
 * Addresses as `--host` names them, several with commas between: names and numbers of the network, `unix:PATH`, and paths that end
 * in `.sock`, as llama-server takes them.
 * @throws EngineError `usage`
 */
export function listenAddresses(hosts: readonly string[]): readonly ListenAddress[] {
  const named = [...new Set(hosts.flatMap((list) => list.split(',')).map((one) => one.trim()))];
  return named.map((one): ListenAddress => {
    if (one === '' || one === 'unix:') throw new EngineError('usage', '--host names no address', {hint: HINT});
    const path = one.startsWith('unix:') ? one.slice('unix:'.length) : one;
    if (path === one && !(one.includes('/') && one.endsWith('.sock'))) {
      if (one.includes('/')) throw new EngineError('usage', `--host ${one} is no address`, {hint: HINT});
      return {kind: 'network', host: one.replace(/^\[(.*)\]$/, '$1')};
    }
    if (Buffer.byteLength(path) <= LONGEST_PATH) return {kind: 'socket', path};
    throw new EngineError('usage', `the path of the socket has more than ${LONGEST_PATH} bytes: ${path}`, {
      hint: 'Choose a shorter one, such as unix:/tmp/mistral.sock.',
    });
  });
}

const HINT = 'Examples: 127.0.0.1, ::1, unix:/run/mistral.sock; several with commas between.';

/** Whether only this machine can reach it. */
export function isLocal(address: ListenAddress): boolean {
  return address.kind === 'socket' || isLoopback(address.host);
}
