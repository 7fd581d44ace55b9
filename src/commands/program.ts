// Builds the commander program of each of the five names and turns every outcome into an exit code.

import {normaliseArgv} from './argv.ts';
import {Command, CommanderError} from './commander.ts';
import {flushed, type Io, noteClosedOutput, processIo} from './host/io.ts';
import {dieBySignal} from './processes/before-death.ts';

type AddCommand = (command: Command, io: Io, all: () => Promise<readonly Command[]>) => void;

interface Entry {
  readonly summary: string;
  /** The command's own file, loaded only when it is the one asked for. */
  readonly load: () => Promise<AddCommand>;
}

/** One line a command; a file exports `addXCommand(command, io)`, which adds options, examples and the action. */
const COMMANDS: Readonly<Record<string, Entry>> = {
  chat: {
    summary: 'chat on a terminal or in a pipe',
    load: async () => (await import('./chat/chat.ts')).addChatCommand,
  },
  demo: {
    summary: "continue mistral-inference's three test prompts",
    load: async () => (await import('./demo.ts')).addDemoCommand,
  },
  fim: {
    summary: 'fill in the middle between a prefix and a suffix',
    load: async () => (await import('./fim.ts')).addFimCommand,
  },
  tools: {
    summary: 'show the tool calls in an answer, or run them',
    load: async () => (await import('./tools/tools.ts')).addToolsCommand,
  },
  bench: {
    summary: 'measure prompt and decode speed',
    load: async () => (await import('./bench.ts')).addBenchCommand,
  },
  serve: {
    summary: 'serve a model over HTTP to OpenAI, Mistral and llama.cpp clients',
    load: async () => (await import('./serve/serve.ts')).addServeCommand,
  },
  worker: {
    summary: 'run jobs for an AIME API server',
    load: async () => (await import('./worker/worker.ts')).addWorkerCommand,
  },
  batch: {
    summary: 'answer many requests, one a line of JSON',
    load: async () => (await import('./batch/batch.ts')).addBatchCommand,
  },
  exam: {
    summary: 'test a model with questions and expected answers',
    load: async () => (await import('./exam/exam.ts')).addExamCommand,
  },
  pull: {
    summary: 'fetch a model by name, repository or address',
    load: async () => (await import('./model-files/pull.ts')).addPullCommand,
  },
  list: {
    summary: 'show the models on this machine',
    load: async () => (await import('./model-files/list/list.ts')).addListCommand,
  },
  rm: {
    summary: 'delete a fetched or converted model',
    load: async () => (await import('./model-files/list/list.ts')).addRmCommand,
  },
  inspect: {
    summary: 'describe a model: format, abilities, memory needed',
    load: async () => (await import('./model-files/inspect.ts')).addInspectCommand,
  },
  convert: {
    summary: 'turn a model folder into one GGUF file',
    load: async () => (await import('./model-files/convert.ts')).addConvertCommand,
  },
  sessions: {
    summary: 'list, show, export and delete saved chats',
    load: async () => (await import('./sessions.ts')).addSessionsCommand,
  },
  mcp: {
    summary: 'list, try and trust MCP servers',
    load: async () => (await import('./mcp/mcp.ts')).addMcpCommand,
  },
  verify: {
    summary: 'compare a converted file with its source',
    load: async () => (await import('./model-files/verify.ts')).addVerifyCommand,
  },
  tokenize: {
    summary: 'show the exact tokens of a text or a request',
    load: async () => (await import('./tokenize/tokenize.ts')).addTokenizeCommand,
  },
  setup: {
    summary: "fetch the build of the engine for this machine's GPU",
    load: async () => (await import('./setup/setup.ts')).addSetupCommand,
  },
  config: {
    summary: 'show settings and where they are from; check settings files',
    load: async () => (await import('./config/config.ts')).addConfigCommand,
  },
  completion: {
    summary: 'print a completion script for bash, zsh or fish',
    load: async () => (await import('./shell-completion.ts')).addCompletionCommand,
  },
};

/** Runs the program called `name` (one of the package's bins) and ends the process with its exit code. */
export async function main(name: string, argv: readonly string[]): Promise<void> {
  const io = processIo();
  let code = await run(name, argv, io);
  noteClosedOutput(io);
  await flushed(io);
  // A disk that is full is known only when what was printed last has been written.
  if (code === 0 && io.stop.aborted) code = await stopCode(io, wantsJson(argv));
  await flushed(io);
  const {reason} = io.stop;
  if (reason === 'SIGINT' || reason === 'SIGTERM') dieBySignal(reason);
  process.exit(code);
}

/** Runs the program called `name` on the given streams. Returns the exit code; never throws. */
export async function run(name: string, argv: readonly string[], io: Io): Promise<number> {
  const json = wantsJson(argv);
  try {
    const {program, rest} = name === 'mistral' ? await umbrella(argv, io) : await single(name, argv, io);
    await program.parseAsync(rest, {from: 'user'});
  } catch (error) {
    if (io.stop.aborted) return await stopCode(io, json);
    if (error instanceof CommanderError && error.code === 'commander.version') {
      const {versionJson, versionText} = await import('./version.ts');
      io.show(json ? await versionJson() : versionText(name));
    }
    // Help and version are no failure, and were written already.
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    const {reportError, reportUsage} = await import('./host/report.ts');
    return await (error instanceof CommanderError ? reportUsage(io, error, json) : reportError(io, error, json));
  }
  return io.stop.aborted ? await stopCode(io, json) : 0;
}

const wantsJson = (argv: readonly string[]) => argv.includes('--json') || argv.includes('--stream-json');

/** `mistral-chat …` is `mistral chat …` under its own name. */
async function single(name: string, argv: readonly string[], io: Io): Promise<{program: Command; rest: string[]}> {
  const program = newProgram(name, io);
  const entry = COMMANDS[name.replace(/^mistral-/, '')];
  if (!entry) throw new Error(`unknown program name ${name}`);
  (await entry.load())(program.summary(entry.summary), io, () => allCommands(io));
  const overruled = await keepValues(program, name.replace(/^mistral-/, ''), io);
  return {program, rest: normaliseArgv(program, argv, overruled)};
}

/** `mistral COMMAND …`: all names and summaries are known, only the command asked for is loaded. */
async function umbrella(argv: readonly string[], io: Io): Promise<{program: Command; rest: string[]}> {
  const program = newProgram('mistral', io).description('Talk to a Mistral model from the terminal.');
  for (const [name, {summary}] of Object.entries(COMMANDS)) program.command(name).summary(summary).description(summary);
  program.addHelpText('after', "\nRun 'mistral COMMAND --help' for the options and examples of a command.");
  const at = argv[0] === 'help' ? 1 : 0;
  const command = program.commands.find((candidate) => candidate.name() === argv[at]);
  if (!command) return {program, rest: [...argv]};
  answersVersion(command);
  await COMMANDS[command.name()]?.load().then((add) => add(command, io, () => allCommands(io)));
  const overruled = await keepValues(command, command.name(), io);
  return {program, rest: [...argv.slice(0, at + 1), ...normaliseArgv(command, argv.slice(at + 1), overruled)]};
}

/** The commands' own files load the table of flags before: `mistral --help` has none. */
async function keepValues(command: Command, name: string, io: Io): Promise<Set<string>> {
  const {keepCompanions, lastOneCounts} = await import('./options.ts');
  if (command.options.some(({long}) => long === '--no-config')) {
    command.hook('preAction', async () => {
      const {takeSettings} = await import('./settings/take-settings.ts');
      await takeSettings(command, {name, all: Object.keys(COMMANDS)}, io, () => allCommands(io));
    });
  }
  keepCompanions(command);
  return lastOneCounts(command, io.say);
}

/** Every command with its flags declared. */
export function allCommands(io: Io): Promise<Command[]> {
  const all = () => allCommands(io);
  return Promise.all(
    Object.entries(COMMANDS).map(async ([name, {summary, load}]) => {
      const command = new Command(name).summary(summary);
      (await load())(command, io, all);
      return command;
    }),
  );
}

function newProgram(name: string, io: Io): Command {
  const program = new Command(name)
    .exitOverride()
    .helpOption('-h, --help', 'print this help')
    .configureOutput({
      writeOut: io.show,
      writeErr: (text) => io.sayText(text.replace(/\n$/, '')),
      // report.ts writes the refusal, so that all failures look alike.
      outputError: () => {},
      getOutHelpWidth: () => 80,
      getErrHelpWidth: () => 80,
    });
  return answersVersion(program);
}

/** Commands answer to `--version` as the programs do: `mistral chat --version` is `mistral-chat --version`. */
function answersVersion(command: Command): Command {
  return command
    .option('-V, --version', 'print the version; with --json, the versions of all parts')
    .on('option:version', () => {
      throw new CommanderError(0, 'commander.version', '');
    });
}

/** What a stopped run means to the shell: a reader that left (`| head`) is no failure, a full disk is. */
async function stopCode(io: Io, json: boolean): Promise<number> {
  const {reason} = io.stop;
  if (reason === 'SIGINT') return 130;
  if (reason === 'SIGTERM') return 143;
  if ((reason as NodeJS.ErrnoException).code === 'EPIPE') return 0;
  const {reportError} = await import('./host/report.ts');
  return await reportError(io, reason, json);
}
