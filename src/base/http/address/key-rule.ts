// Where a key may go: over TLS to the server it was named for, in the clear to private networks alone.
import {EngineError} from '../../errors.ts';
import {isPrivate, isWithin} from './host-kinds.ts';

/** Hosts that are known to have TLS: no word of anybody takes a key to them without it. */
const HAVE_TLS = ['mistral.ai', 'huggingface.co', 'hf.co'];

/**
 * Whether what is secret may be sent to this address. In the clear it can be read by everyone on the way, which on this
 * machine is nobody and in a private network its owner's concern.
 * @param insists that a person said so, for a server that has no TLS
 */
export function mayCarryKey(url: string, insists = false): boolean {
  const {protocol, hostname} = new URL(url);
  if (protocol === 'https:' || isPrivate(hostname)) return true;
  return insists && !HAVE_TLS.some((domain) => isWithin(hostname, domain));
}

/**
 * @param insisting how a person insists, and whether they do: a flag
 * @throws EngineError `usage` for an address that a key may not be sent to.
 */
export function checkKeyMayGo(url: string, insisting?: Insisting): void {
  if (mayCarryKey(url, insisting?.insists)) return;
  const {host} = new URL(url);
  const isOffered = insisting !== undefined && mayCarryKey(url, true);
  const otherwise = isOffered ? ` For a server without it ${insisting.flag} sends the key all the same.` : '';
  throw new EngineError('usage', `no key is sent to ${host} over plain http: everyone on the way could read it`, {
    hint: `Give its address with https:// in place of http://.${otherwise}`,
  });
}

export interface Insisting {
  /** Such as `--key-over-http`. */
  readonly flag: string;
  readonly insists: boolean;
}
