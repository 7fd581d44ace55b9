// `mistral mcp`: which MCP servers there are, which files are trusted, which tools need no question, and a trial of them.
import type {Command} from 'commander';
import type {Io} from '../host/io.ts';
import {collect, type McpFlags} from '../options.ts';

const EXAMPLES = `
Examples:
  mistral mcp list --mcp-config ~/.cursor/mcp.json   the servers of a file, none is started
  mistral mcp test --mcp-config mcp.json             start each, and list its tools
  mistral mcp trust .mcp.json                        use this file in its project from now on
  mistral mcp allow 'fs_read_*'                      these tools run without a question`;

export function addMcpCommand(command: Command, io: Io): void {
  const run = async () => await import('./run-mcp.ts');
  command.description('List, try and trust MCP servers, and allow their tools.').addHelpText('after', EXAMPLES);
  withConfig(command.command('list'))
    .description('the servers, their origin, and what is trusted and allowed')
    .action(async (flags: McpFlags & {json?: true}) => (await run()).listServers(io, flags));
  withConfig(command.command('test'))
    .description('start the servers and list their tools')
    .argument('[server...]', 'only these')
    .action(async (names: string[], flags: McpFlags & {json?: true}) => (await run()).testServers(io, names, flags));
  command
    .command('trust')
    .description("use a project's file whenever you are in the project, until its content changes")
    .argument('<file>')
    .option('--remove', 'trust it no longer')
    .action(async (file: string, flags: {remove?: true}) => (await run()).trustFile(io, file, flags.remove === true));
  command
    .command('allow')
    .description('let tools run without a question')
    .argument('<pattern...>', 'names as the model calls them, * for any characters')
    .option('--deny', 'never let them run')
    .option('--remove', 'ask again')
    .action(async (patterns: string[], flags: {deny?: true; remove?: true}) =>
      (await run()).allowTools(io, patterns, flags),
    );
}

function withConfig(command: Command): Command {
  return command
    .option('--mcp-config <file>', 'a file with servers; repeatable', collect(String))
    .option('--json', 'one JSON object a server');
}
