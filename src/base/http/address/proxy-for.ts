// Which proxy a request goes through, by the variables that curl and most programs read.
import {BlockList, isIP} from 'node:net';
import {EngineError} from '../../errors.ts';
import {bareHost, isHttpAddress, isLoopback} from './host-kinds.ts';

/** Variables of a process: HTTPS_PROXY, HTTP_PROXY and NO_PROXY are read, in capitals or small letters. */
export type Env = Readonly<Record<string, string | undefined>>;

/**
 * The proxy for this address; undefined for a direct connection: no proxy is named, NO_PROXY names the host, or the
 * address is this machine's own (no proxy reaches that), unless `loopback` is true. HTTP_PROXY is for https too where
 * HTTPS_PROXY is not set.
 *
 * NO_PROXY is a list by commas or blanks of `*` (every host), host names (with their subdomains; a leading `.` or `*.`
 * changes nothing), addresses, and networks such as `10.0.0.0/8`; each may end with `:port`.
 * @throws EngineError `usage` for a proxy that is not an http or https address.
 */
export function proxyFor(url: string, env: Env, {loopback = false}: {loopback?: boolean} = {}): string | undefined {
  const target = new URL(url);
  const found =
    (target.protocol === 'https:' ? variable(env, 'HTTPS_PROXY') : undefined) ?? variable(env, 'HTTP_PROXY');
  if (found === undefined || (!loopback && isLoopback(target.hostname))) return undefined;
  const entries = (variable(env, 'NO_PROXY')?.value ?? '').split(/[\s,]+/).filter((entry) => entry !== '');
  return entries.some((entry) => names(entry, target)) ? undefined : proxyAddress(found);
}

interface Variable {
  readonly name: string;
  readonly value: string;
}

/** An empty variable is one that is not set. */
function variable(env: Env, name: string): Variable | undefined {
  const names = [name, name.toLowerCase()];
  const set = names.map((each) => ({name: each, value: env[each]?.trim() ?? ''}));
  return set.find(({value}) => value !== '');
}

/** `proxy:3128` is what many write for `http://proxy:3128`. */
function proxyAddress({name, value}: Variable): string {
  const text = value.includes('://') ? value : `http://${value}`;
  if (isHttpAddress(text)) return text;
  throw new EngineError('usage', `${name} is not the address of an http proxy: ${value.replace(/\/\/.*@/, '//')}`, {
    hint: 'Give one such as http://proxy.example:3128; NO_PROXY names hosts that are reached without it.',
  });
}

/** Whether an entry of NO_PROXY names the target. */
function names(entry: string, {protocol, hostname, port}: URL): boolean {
  if (entry === '*') return true;
  // An IPv6 address without brackets has no port.
  const [, bracketed, plain, wantedPort] = /^(?:\[(.+)\]|([^:]+))(?::(\d+))?$/.exec(entry) ?? [];
  if (wantedPort !== undefined && wantedPort !== (port || (protocol === 'https:' ? '443' : '80'))) return false;
  const host = bareHost(hostname);
  const named = bareHost(bracketed ?? plain ?? entry).replace(/^\*?\./, '');
  if (named.includes('/')) return isInNetwork(host, named);
  return host === canonical(named) || (named !== '' && !/^[\d.]+$/.test(named) && host.endsWith(`.${named}`));
}

/** An IPv6 address as addresses are written in a URL. */
function canonical(host: string): string {
  return isIP(host) === 6 ? bareHost(new URL(`http://[${host}]`).hostname) : host;
}

function isInNetwork(host: string, network: string): boolean {
  const [, address = '', bits] = /^(.+)\/(\d{1,3})$/.exec(network) ?? [];
  const version = isIP(address);
  if (version === 0 || isIP(host) !== version || Number(bits) > (version === 4 ? 32 : 128)) return false;
  const family = version === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(address, Number(bits), family);
  return list.check(host, family);
}
