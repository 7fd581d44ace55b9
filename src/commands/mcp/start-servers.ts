// Reads what names the MCP servers of a run, and starts them.
import {statSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {EngineError} from '../../base/errors.ts';
import {reasonOf} from '../../base/files/file-error.ts';
import {makeFolder} from '../../base/files/make-folder.ts';
import {appendLine, readRegularText} from '../../base/files/regular-file.ts';
import {type ConfigContext, readServerFile, readServers} from '../../engine/mcp/config/read-config.ts';
import type {ReadServers, ServerConfig} from '../../engine/mcp/config/server-config.ts';
import {McpServers} from '../../engine/mcp/mcp-servers.ts';
import {isToolPattern, type PermissionRules} from '../../engine/mcp/permission.ts';
import {askText} from '../host/confirm.ts';
import type {Io} from '../host/io.ts';
import {stateFolder} from '../host/state-folder.ts';
import {readTextFile} from '../host/text-input.ts';
import type {McpFlags} from '../options.ts';
import {findSettingsFiles, readSettingsFiles, type SettingsFile} from '../settings/settings-files.ts';
import {ownVersion} from '../version.ts';
import {contentHash, isOfProject, type McpState, readMcpState} from './mcp-state.ts';
import {startServer} from './server-process.ts';

/** Of a server's log: a server that writes without an end fills no disk. Bytes. */
const LONGEST_LOG = 1024 * 1024;

/** As `openServers`, which has looked that something names servers. */
export async function startServers(io: Io, flags: McpFlags): Promise<McpServers | undefined> {
  const state = readMcpState(io.env);
  const configs = await configuredServers(io, flags, state);
  for (const pattern of flags.allow ?? []) requirePattern(pattern);
  if (configs.every(({disabled}) => disabled)) return undefined;
  const servers = newServers(io, configs, {...state, allow: [...state.allow, ...(flags.allow ?? [])]});
  servers.start();
  return servers;
}

/** The servers, not started. */
export function newServers(io: Io, configs: readonly ServerConfig[], {allow, deny}: PermissionRules): McpServers {
  return new McpServers(configs, {
    cwd: io.cwd,
    version: ownVersion(),
    spawn: (server) => startServer(server, io.cwd, io.env),
    log: logTo(join(stateFolder(io.env), 'mcp')),
    rules: {allow, deny},
  });
}

/** @throws EngineError `usage` */
export function requirePattern(pattern: string): void {
  if (isToolPattern(pattern)) return;
  throw new EngineError('usage', `${pattern} is no pattern of tools`, {
    hint: "Write the name of a tool as the model calls it, with * for any characters: 'fs_read_*'.",
  });
}

/**
 * Of settings files and trusted files first: a flag's servers take the place of those with their name. Problems are told.
 * @throws EngineError `usage` or `io` for a file that cannot be read
 */
export async function configuredServers(io: Io, flags: McpFlags, state: McpState): Promise<readonly ServerConfig[]> {
  const configs: ServerConfig[] = [];
  const take = ({servers, problems}: ReadServers) => {
    configs.push(...servers);
    for (const problem of problems) io.say(`note: MCP server ${problem}`);
  };
  const context = (file: string): ConfigContext => {
    const ask = io.stdin.isTTY && io.stderr.isTTY ? askOn(io) : {};
    return {file, cwd: io.cwd, env: io.env, ...ask};
  };
  for (const {path, document, isTrusted} of await settingsFiles(io, flags)) {
    if (document.root.mcp === undefined) continue;
    if (isTrusted) take(await readServers({mcp: document.root.mcp}, context(path)));
    else io.say(`note: the MCP servers of ${path} are not used; look at it, then: mistral config trust`);
  }
  for (const [file, hash] of state.trusted) {
    if (!isOfProject(file, io.cwd)) continue;
    let content: string;
    try {
      content = readRegularText(file);
    } catch (error) {
      io.say(`note: the MCP servers of ${file} are not used: ${reasonOf(error)}`);
      continue;
    }
    if (contentHash(content) === hash) take(await readFileOf(content, context(file)));
    else io.say(`note: ${file} has changed and is not used; look at it, then: mistral mcp trust ${file}`);
  }
  for (const file of flags.mcpConfig ?? []) {
    const path = file === '-' ? 'stdin' : resolve(io.cwd, file);
    take(await readFileOf(await readTextFile(io, file), context(path)));
  }
  return configs;
}

async function settingsFiles(io: Io, {config}: McpFlags): Promise<readonly SettingsFile[]> {
  const found = config === false ? {} : findSettingsFiles(io);
  return found.user === undefined && found.project === undefined ? [] : await readSettingsFiles(io, found);
}

/** JSON, or TOML by the name of the file. @throws EngineError `usage` */
export async function readFileOf(content: string, context: ConfigContext): Promise<ReadServers> {
  if (!context.file.endsWith('.toml')) return await readServerFile(content, context);
  const {TomlDocument} = await import('../settings/toml-document.ts');
  return await readServers(new TomlDocument(context.file, content).root, context);
}

function askOn(io: Io) {
  return {
    ask: ({
      id,
      description,
      password,
    }: {
      id: string;
      description?: string | undefined;
      password?: boolean | undefined;
    }) => askText(io, `${description ?? id}: `, password === true),
  };
}

/** What servers write on stderr, each in a file of its own; a log that cannot be written is none. */
function logTo(folder: string): (server: string, line: string) => void {
  const sizes = new Map<string, number>();
  return (server, line) => {
    const path = join(folder, `${server.replace(/[^A-Za-z0-9_-]/g, '_')}.log`);
    try {
      if (!sizes.has(path)) makeFolder(folder, 0o700);
      const size = sizes.get(path) ?? statSync(path, {throwIfNoEntry: false})?.size ?? 0;
      if (size < LONGEST_LOG) appendLine(path, line);
      sizes.set(path, size + Buffer.byteLength(line) + 1);
    } catch {
      // The last lines are told all the same.
    }
  };
}
