// `mistral tools`: shows the calls a model makes with your tools, or runs them and prints the final answer.

import type {Command} from 'commander';
import type {Backend} from '../../engine/contract/backend.ts';
import type {McpServers} from '../../engine/mcp/mcp-servers.ts';
import type {Io} from '../host/io.ts';
import {
  addEngineOptions,
  addMcpOptions,
  addModelArgument,
  addModelDefaultsOption,
  addSamplingOptions,
  addThinkingOptions,
  addThoughtOptions,
  collect,
  DEFAULTS,
  modelArgument,
  number,
  samplingChoice,
} from '../options.ts';
import type {ToolsFlags} from './run-tools.ts';

const EXAMPLES = `
Examples:
  mistral-tools --tools tools.json -p "What's the weather like today in Paris?"
  mistral-tools --tools tools.json -p 'Add 2 and 3.' --exec 'add=./add.py'
  mistral-tools --tools tools.json -p 'Hi' --tool-choice any
  mistral-tools --tools tools.json -p 'Hi' --dry-run     the exact prompt, no model run

tools.json is a list of {"name", "description", "parameters"}, bare or in OpenAI's form.
With --mcp-config the tools of MCP servers are there too; those of --allow run.
A command gets the arguments as JSON on stdin; what it prints is the tool's result.`;

export function addToolsCommand(command: Command, io: Io): void {
  addModelArgument(command);
  command
    .description('Show the tool calls a model makes, or run them and print the answer.')
    .option('--tools <file>', 'JSON file with the tools; - is stdin')
    .requiredOption('-p, --prompt <text>', 'what the user says; - is stdin; repeatable', collect(String))
    .option('--system <text|@file|default>', "system prompt; default is the model's own")
    .option('--tool-choice <choice>', 'auto, none, any, or the name of a tool', 'auto')
    .option('--exec <name=command>', 'run this command for calls of the tool; repeatable', collect(String))
    .option('--env <name>', 'let commands see this secret variable, such as an API key; repeatable', collect(String))
    .option('--shell', 'let sh read the commands of --exec')
    .option('--timeout <seconds>', 'time limit for one tool call', number({above: 0, max: 86_400}), 30)
    .option('--dry-run', 'show the ids and pieces of the prompt without running the model')
    .option('--json', 'one JSON object an answer instead of calls or text');
  addMcpOptions(command);
  addSamplingOptions(command, DEFAULTS.tools);
  addModelDefaultsOption(command);
  addThinkingOptions(command);
  addThoughtOptions(command);
  addEngineOptions(command);
  command.addHelpText('after', EXAMPLES);
  command.action(async (model?: string) => {
    const flags = command.opts<ToolsFlags>();
    const {openServers} = await import('../mcp/open-servers.ts');
    const servers = await openServers(io, flags);
    // A settings file may name them, which commander does not see.
    if (flags.tools === undefined && servers === undefined) {
      command.error("error: required option '--tools <file>' not specified", {
        code: 'commander.missingMandatoryOptionValue',
      });
    }
    await runTools(command, io, model, flags, servers).finally(() => servers?.close());
  });
}

async function runTools(
  command: Command,
  io: Io,
  model: string | undefined,
  flags: ToolsFlags,
  servers: McpServers | undefined,
): Promise<void> {
  const {answerWithCommands, offered, readToolsFlags, runsServers, showCalls} = await import('./run-tools.ts');
  const choice = samplingChoice(command, DEFAULTS.tools);
  const {request, commands} = await readToolsFlags(io, flags, {...choice.otherwise, ...choice.asked}, servers);
  const {offerSystem, samplingFor} = await import('../open-model/recommended.ts');
  const {DEFAULT_SYSTEM, ownSystem, withSystem} = await import('../../engine/conversation/own-system.ts');
  const system = flags.system === DEFAULT_SYSTEM ? ownSystem : undefined;
  if (flags.dryRun) {
    const {printPrompt} = await import('./dry-run.ts');
    return printPrompt(io, modelArgument(model, flags), flags, request, system);
  }
  const {samplingTold} = await import('../settings/sampling-origins.ts');
  const {withBackend} = await import('../open-model/open-backend.ts');
  const ask = async (backend: Backend) => {
    const sampling = samplingFor(backend.model, choice, io.say);
    if (flags.system === undefined) offerSystem(backend.model, '--system default', io.say);
    const asked = {...withSystem(await offered(io, backend, request, servers), system?.(backend.model)), sampling};
    const how = {...flags, told: samplingTold(command, choice, backend.model.sampling)};
    return commands.length > 0 || (servers && runsServers(flags))
      ? answerWithCommands(io, backend, asked, commands, how, servers)
      : showCalls(io, backend, asked, how);
  };
  await withBackend(io, modelArgument(model, flags), flags, ask, {chats: true});
}
