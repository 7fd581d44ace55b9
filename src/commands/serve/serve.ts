// `mistral serve`: one model behind the HTTP protocols of OpenAI, Mistral, llama.cpp and three older servers.

import type {Command} from 'commander';
import {EngineError} from '../../base/errors.ts';
import {parseBytes} from '../../base/units.ts';
import {parseKeepAlive} from '../../serve/dialects/ollama/keep-alive.ts';
import {InvalidArgumentError} from '../commander.ts';
import type {Io} from '../host/io.ts';
import {
  addEngineOptions,
  addModelArgument,
  addModelDefaultsOption,
  addThinkingOptions,
  collect,
  DEFAULTS,
  maxTokens,
  modelArgument,
  number,
  temperature,
} from '../options.ts';
import type {ServeFlags} from './server-settings.ts';

const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;

const EXAMPLES = `
Examples:
  mistral serve ~/models/7B                           on http://127.0.0.1:8080
  mistral serve ~/models/7B --parallel 4 --alias codestral-latest
  mistral serve --models ~/models --alias claude-sonnet-5=7B
  MISTRAL_SERVE_KEY=secret mistral serve --host 0.0.0.0
  mistral serve --settings-file .env                  MODEL_PATH, MAX_TOKENS, TEMPERATURE, HOST, PORT

While it runs, /docs lists every route. API keys come from --api-key, --api-key-file (one a line)
and $MISTRAL_SERVE_KEY. SIGTERM lets running answers finish; a second one does not.`;

function memory(text: string): number {
  const bytes = parseBytes(text);
  if (bytes === undefined || bytes < 1) throw new InvalidArgumentError('Expected a size such as 16GB.');
  return bytes;
}

function keepAlive(text: string): number {
  const ms = parseKeepAlive(text);
  if (ms === undefined) throw new InvalidArgumentError('Expected a time such as 5m, 1h30m or 300 (seconds).');
  return ms;
}

/** @throws EngineError `usage` for flags that would be lost. */
function keepForSeveral({memory: size, keepAlive: time}: ServeFlags): void {
  const lost = size !== undefined ? '--memory' : time !== undefined ? '--keep-alive' : undefined;
  if (lost === undefined) return;
  throw new EngineError('usage', `${lost} is for --models: one model stays loaded`, {hint: 'Leave it out.'});
}

export function addServeCommand(command: Command, io: Io): void {
  const count = (min: number, max?: number) => number({integer: true, min, ...(max !== undefined && {max})});
  const seconds = number({above: 0, max: 2 ** 31 / 1000 - 1});
  addModelArgument(command);
  command
    .description('Serve a model over HTTP to OpenAI, Mistral and llama.cpp clients.')
    .optionsGroup('Several models:')
    .option(
      '--models [folder|name...]',
      'serve these, or all that mistral list shows; each is loaded on demand',
      collect(String),
    )
    .option('--memory <size>', 'for all loaded models, such as 16GB (default: 80 % of what is free)', memory)
    .option('--keep-alive <time>', 'how long an idle model stays, such as 5m; -1 = for ever (default: 5m)', keepAlive)
    .optionsGroup('Server:')
    .option(
      '--host <address>',
      'where to listen, also unix:PATH; repeatable, or a list (default: 127.0.0.1)',
      collect(String),
    )
    .option('--port <n>', 'port, 0 = any free one (default: 8080)', count(0, 65_535))
    .option('--parallel <n>', 'answers generated at the same time', count(1, 256), 4)
    .option('--max-queue <n>', 'requests that may wait (default: twice --parallel)', count(0))
    .option('--queue-timeout <s>', 'longest wait in the queue', seconds, 60)
    .option('--grace <s>', 'time for running answers after SIGTERM', seconds, 30)
    .option('--step-timeout <s>', 'longest step of the engine before /health says 503', seconds, 120)
    .option('--api-key <key>', 'a key clients must send; repeatable', collect(String))
    .option('--api-key-file <file>', 'keys, one a line')
    .option('--tls-cert <file>', 'certificate of a server with TLS, PEM')
    .option('--tls-key <file>', 'its key, PEM')
    .option('--insecure', 'allow other machines without a key')
    .option('--allowed-host <name>', 'a Host header to accept besides this machine; repeatable', collect(String))
    .option('--cors-origin <origin>', 'a web origin that may call, * = any; repeatable', collect(String))
    .option('--body-limit <mib>', 'largest request body', number({above: 0, max: 1024}), 8)
    .option('--alias <name>', 'another name of the model, with --models NAME=MODEL; repeatable', collect(String))
    .option('--max-choices <n>', 'answers that one request may ask for', count(1, 128), 8)
    .option('--share-cache', 'use kept prompts for everybody, whatever key they came with')
    .option('--max-tokens <n>', 'for requests that set none', maxTokens)
    .option('--cap-tokens <n>', 'tokens of an answer at most, whatever is asked for', count(1))
    .option('--seed <n>', 'for requests that set none', count(0, 2 ** 32 - 1))
    .option(
      '-t, --temperature <t>',
      `for requests that set none (default: the model's, else ${DEFAULTS.chat.temperature})`,
      temperature,
    )
    .option('--system <text|@file|default>', "for requests without a system message; default is the model's own")
    .option('--settings-file <file>', 'settings as in the Codestral Mamba server; flags win')
    // Its first name: Node looks for that flag behind the script too, and ends where there is no such file.
    .addOption(command.createOption('--env-file <file>').conflicts('settingsFile').hideHelp())
    .addOption(command.createOption('--log-level <level>', 'what goes to stderr').choices(LOG_LEVELS).default('info'))
    .option('--log-prompts', 'write request bodies to the log');
  addModelDefaultsOption(command);
  addThinkingOptions(command);
  addEngineOptions(command);
  command.addHelpText('after', EXAMPLES);
  command.action(async (model?: string) => {
    const flags = command.opts<ServeFlags>();
    if (flags.models !== undefined) {
      const {runRouter} = await import('./models/all-servers.ts');
      return await runRouter(io, modelArgument(model, flags), flags);
    }
    keepForSeveral(flags);
    const {runServe} = await import('./models/all-servers.ts');
    await runServe(io, modelArgument(model, flags), flags);
  });
}
