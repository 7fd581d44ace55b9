// What can be told of a host by its name or address alone: this machine, a private network, a part of a domain.
import {BlockList, isIP} from 'node:net';

/** Names that no public DNS has: RFC 6761 and 6762, RFC 8375, and the name ICANN set aside in 2024. */
const PRIVATE_DOMAINS = ['localhost', 'local', 'home.arpa', 'internal'];

/** Not routed on the internet: RFC 1918, 3927, 6598 (tunnels between machines), 4193, 4291. */
const PRIVATE_NETWORKS: readonly [network: string, bits: number, family: 'ipv4' | 'ipv6'][] = [
  ['10.0.0.0', 8, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  ['100.64.0.0', 10, 'ipv4'],
  ['fc00::', 7, 'ipv6'],
  ['fe80::', 10, 'ipv6'],
];

/** Whether a text is an address that HTTP asks, in the clear or over TLS. */
export function isHttpAddress(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

/** A host as it is compared: small letters, no brackets, no dot at the end. */
export const bareHost = (host: string) =>
  host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '');

/** True for this machine: its names, its addresses, and the ones that stand for every address of it. */
export function isLoopback(hostname: string): boolean {
  const host = bareHost(hostname);
  return /^(?:localhost|.*\.localhost|127(?:\.\d+){3}|0\.0\.0\.0|::1?|::ffff:7f[\da-f]{2}:[\da-f]+)$/.test(host);
}

/**
 * True for this machine, for an address of a private network, and for a name that only a private network can know: one
 * without a dot, or of PRIVATE_DOMAINS. A name is not looked up: what it leads to is for others to decide.
 */
export function isPrivate(hostname: string): boolean {
  const host = bareHost(hostname);
  const version = isIP(host);
  if (version === 0) return !host.includes('.') || PRIVATE_DOMAINS.some((domain) => isWithin(host, domain));
  if (isLoopback(host)) return true;
  const networks = new BlockList();
  for (const network of PRIVATE_NETWORKS) networks.addSubnet(...network);
  return networks.check(host, version === 4 ? 'ipv4' : 'ipv6');
}

/** Whether a host is the domain or a subdomain of it. */
export function isWithin(hostname: string, domain: string): boolean {
  const host = bareHost(hostname);
  return host === domain || host.endsWith(`.${domain}`);
}
