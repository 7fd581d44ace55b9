// The MCP servers of a run: whether there are any, and those started. Loaded at each start, so it loads the rest only then.
import {existsSync} from 'node:fs';
import {join} from 'node:path';
import type {McpServers} from '../../engine/mcp/mcp-servers.ts';
import type {Io} from '../host/io.ts';
import {stateFolder} from '../host/state-folder.ts';
import type {McpFlags} from '../options.ts';
import {findSettingsFiles, readSettingsFiles} from '../settings/settings-files.ts';

/**
 * Starts the servers of the flags, of settings files and of the files of this project that are trusted; undefined when there are none.
 * Problems of single servers are told.
 * @throws EngineError `usage` or `io` for a file that cannot be read, and for a pattern that is none
 */
export async function openServers(io: Io, flags: McpFlags): Promise<McpServers | undefined> {
  if (flags.mcp === false) return undefined;
  const isNamed = flags.mcpConfig !== undefined || existsSync(join(stateFolder(io.env), 'mcp.json'));
  if (!isNamed && !(await settingsNameServers(io, flags))) return undefined;
  const {startServers} = await import('./start-servers.ts');
  return await startServers(io, flags);
}

/** Whether a settings file has a table `mcp`; it was read already for the settings of the run. */
async function settingsNameServers(io: Io, {config}: McpFlags): Promise<boolean> {
  const found = config === false ? {} : findSettingsFiles(io);
  if (found.user === undefined && found.project === undefined) return false;
  return (await readSettingsFiles(io, found)).some(({document}) => document.root.mcp !== undefined);
}
