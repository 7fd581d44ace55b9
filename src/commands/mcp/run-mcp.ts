// What `mistral mcp` does once its arguments are read.
import {resolve} from 'node:path';
import {EngineError} from '../../base/errors.ts';
import {fileError} from '../../base/files/file-error.ts';
import {readRegularText} from '../../base/files/regular-file.ts';
import type {ServerConfig} from '../../engine/mcp/config/server-config.ts';
import type {Io} from '../host/io.ts';
import {ReportedError} from '../host/report.ts';
import type {McpFlags} from '../options.ts';
import {contentHash, type McpState, readMcpState, writeMcpState} from './mcp-state.ts';
import {configuredServers, newServers, readFileOf, requirePattern} from './start-servers.ts';

type ListFlags = McpFlags & {readonly json?: true};

/** Prints a row a server: its name, how it is reached, where it is named. Values of `env` and headers are not shown. */
export async function listServers(io: Io, flags: ListFlags): Promise<void> {
  const state = readMcpState(io.env);
  for (const {name, origin, transport, disabled} of await configuredServers(io, flags, state)) {
    const target = transport.kind === 'stdio' ? [transport.command, ...transport.args].join(' ') : transport.url;
    if (flags.json) io.json({name, kind: transport.kind, target, origin, disabled});
    else io.show(`${name}${disabled ? ' (disabled)' : ''}: ${target}, from ${origin}\n`);
  }
  if (flags.json) return;
  for (const file of state.trusted.keys()) io.show(`trusted: ${file}\n`);
  for (const pattern of state.allow) io.show(`allowed: ${pattern}\n`);
  for (const pattern of state.deny) io.show(`denied: ${pattern}\n`);
}

/**
 * Starts the servers and prints their tools by the names a model calls them.
 * @throws EngineError `usage` for a name of no server; ReportedError with 5 where one cannot be used
 */
export async function testServers(io: Io, names: readonly string[], flags: ListFlags): Promise<void> {
  const state = readMcpState(io.env);
  const configs = chosen(await configuredServers(io, flags, state), names);
  if (configs.length === 0) {
    throw new EngineError('usage', 'there are no MCP servers', {hint: 'Name a file with --mcp-config FILE.'});
  }
  const servers = newServers(io, configs, state);
  servers.start();
  try {
    await servers.settled();
    for (const line of await servers.refresh({taken: new Set()})) io.sayText(line);
    for (const {name, description} of servers.tools) {
      const {server, permission} = servers.origin(name) ?? {};
      if (flags.json) io.json({name, server, permission, description});
      else io.show(`${name}${permission === 'ask' ? '' : ` (${permission})`}: ${description.split('\n')[0] ?? ''}\n`);
    }
    if (servers.connections.some(({isReady}) => !isReady)) throw new ReportedError(FAILED);
  } finally {
    await servers.close();
  }
}

/** As `tool_failed`. */
const FAILED = 5;

function chosen(configs: readonly ServerConfig[], names: readonly string[]): readonly ServerConfig[] {
  const lost = names.find((name) => !configs.some((config) => config.name === name));
  if (lost !== undefined) {
    const known = configs.map(({name}) => name).join(', ') || 'none';
    throw new EngineError('usage', `there is no MCP server ${lost}`, {hint: `Servers: ${known}`});
  }
  return names.length === 0 ? configs : configs.filter(({name}) => names.includes(name));
}

/** @throws EngineError `io` for a file that cannot be read, `usage` for one that names no servers */
export async function trustFile(io: Io, given: string, remove: boolean): Promise<void> {
  const file = resolve(io.cwd, given);
  const state = readMcpState(io.env);
  const trusted = new Map(state.trusted);
  if (remove) {
    if (!trusted.delete(file)) throw new EngineError('usage', `${file} is not trusted`);
    writeMcpState(io.env, {...state, trusted});
    io.say(`${file} is trusted no longer`);
    return;
  }
  let content: string;
  try {
    content = readRegularText(file);
  } catch (error) {
    throw fileError(error, file, 'read');
  }
  const {servers, problems} = await readFileOf(content, {file, cwd: io.cwd, env: io.env});
  for (const problem of problems) io.say(`note: MCP server ${problem}`);
  trusted.set(file, contentHash(content));
  writeMcpState(io.env, {...state, trusted});
  io.say(`${file} is trusted as it is now: ${servers.map(({name}) => name).join(', ')}`);
}

/** @throws EngineError `usage` for what is no pattern */
export function allowTools(
  io: Io,
  patterns: readonly string[],
  {deny = false, remove = false}: {readonly deny?: boolean; readonly remove?: boolean},
): void {
  for (const pattern of patterns) requirePattern(pattern);
  const state = readMcpState(io.env);
  const without = (list: readonly string[]) => list.filter((pattern) => !patterns.includes(pattern));
  const rules: Pick<McpState, 'allow' | 'deny'> = {allow: without(state.allow), deny: without(state.deny)};
  const changed = remove
    ? rules
    : deny
      ? {...rules, deny: [...rules.deny, ...patterns]}
      : {...rules, allow: [...rules.allow, ...patterns]};
  writeMcpState(io.env, {...state, ...changed});
  io.say(`${remove ? 'asked again' : deny ? 'denied' : 'allowed'}: ${patterns.join(', ')}`);
}
