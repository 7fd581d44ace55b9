// `mistral chat`: a screen on a terminal, one line a turn in a pipe, one prompt with -p.
import type {Command} from 'commander';
import type {Backend, ModelInfo} from '../../engine/contract/backend.ts';
import type {ResponseFormat, Tool} from '../../engine/contract/requests.ts';
import type {SamplingChoice, SamplingParams} from '../../engine/contract/sampling.ts';
import type {ContextPolicy} from '../../engine/conversation/context/context-policy.ts';
import type {McpServers} from '../../engine/mcp/mcp-servers.ts';
import type {NotifyChoice} from '../../ui/chat/notify-choice.ts';
import type {AnswerFormat, PlainEvent} from '../../ui/plain/write-answer.ts';
import type {StatsLevel} from '../../ui/rows/end-row.ts';
import {Option} from '../commander.ts';
import type {Io} from '../host/io.ts';
import {asksForReducedMotion, hasScreenReader} from '../host/reduced-motion.ts';
import type {SystemOf} from '../open-model/recommended.ts';
import {
  addEngineOptions,
  addMcpOptions,
  addModelArgument,
  addModelDefaultsOption,
  addPositionalSampling,
  addSamplingOptions,
  addThinkingOptions,
  addThoughtOptions,
  collect,
  contextPolicyOption,
  DEFAULTS,
  type EngineFlags,
  type McpFlags,
  modelArgument,
  number,
  samplingChoice,
  type ThoughtFlags,
  thoughtChoice,
} from '../options.ts';

interface ChatFlags extends EngineFlags, ThoughtFlags, McpFlags {
  readonly modelPath?: string;
  readonly instruct?: true;
  readonly prompt?: readonly string[];
  readonly attach: boolean;
  readonly system?: string;
  readonly json?: true;
  readonly streamJson?: true;
  readonly plain?: true;
  readonly tui?: true;
  readonly continue?: true;
  readonly resume?: string;
  readonly save?: boolean;
  readonly history: boolean;
  readonly contextPolicy: ContextPolicy;
  readonly schema?: string;
  readonly schemaLoose?: true;
  readonly screenReader?: true;
  readonly reducedMotion?: true;
  readonly stats?: StatsLevel;
  readonly notify?: NotifyChoice;
  readonly title: boolean;
  readonly tools?: string;
  readonly exec?: readonly string[];
  readonly env?: readonly string[];
  readonly shell?: boolean;
  readonly timeout: number;
}

type SchemaForm = Extract<ResponseFormat, {readonly type: 'json_schema'}>;

interface HowToAnswer {
  readonly sampling: SamplingParams;
  readonly responseFormat?: SchemaForm;
}

/** Events of the answer to one more turn. */
type Send = (text: string, signal: AbortSignal) => AsyncIterable<PlainEvent>;

const EXAMPLES = `
Examples:
  mistral-chat --instruct                        chat with the embedded model
  mistral-chat ~/models/7B --instruct            with a folder's or a file's model
  printf 'Hello\\nAnd you?\\n' | mistral-chat --instruct   each line is a turn
  mistral-chat --instruct -p 'Sum up:' -p - <a.txt         one prompt from parts
  mistral-chat -p 'Once upon a time'             plain continuation`;

export function addChatCommand(command: Command, io: Io): void {
  addModelArgument(command);
  addPositionalSampling(command);
  command
    .description('Chat with a model: a screen in a terminal, one message a line in a pipe.')
    .option('-i, --instruct', 'chat with the model; without this it continues the text you give')
    .option('-p, --prompt <text>', 'answer this one prompt; - is stdin; repeatable', collect(String))
    .option('--no-attach', 'with -p: do not use a running `mistral serve`, even if it has this model loaded')
    .option('--system <text|@file|default>', "system prompt; default is the model's own")
    .option('--json', 'one JSON object an answer on stdout')
    .addOption(new Option('--stream-json', 'one JSON object an event on stdout').conflicts('json'))
    .option('--plain', 'plain prompt, without the screen')
    .addOption(new Option('--tui', 'require the screen').conflicts(['plain', 'screenReader']))
    .option('--screen-reader', 'plain output for screen readers: whole sentences, nothing redrawn (also ACCESSIBLE=1)')
    .option('--reduced-motion', 'no animation and no running counters (also MISTRAL_REDUCED_MOTION=1)')
    .addOption(new Option('--stats <level>', 'figures below each answer on the screen').choices(['off', 'on', 'full']))
    .addOption(
      new Option(
        '--notify <how>',
        'tell when an answer is ready or a tool asks, while the window is in the background (also MISTRAL_NOTIFY)',
      ).choices(['off', 'auto', 'bell', 'always']),
    )
    .option('--no-title', 'leave the title of the window as it is')
    .option('--continue', 'continue your last chat')
    .addOption(new Option('--resume <id>', 'continue a saved chat (see: mistral sessions list)').conflicts('continue'))
    .option('--no-save', 'do not save this chat')
    .option('--schema <file|json>', 'in pipes and with -p: each answer is a line of JSON of this schema')
    .option('--schema-loose', 'with --schema: go on where it says what cannot be held')
    .option('--no-history', 'in pipes: each line is a conversation of its own')
    .addOption(contextPolicyOption())
    .option('--tools <file>', 'JSON file with tools the model may call (terminal only; like /tools)')
    .option('--exec <name=command>', 'command that runs a tool, after asking you; repeatable', collect(String))
    .option('--env <name>', 'let commands see this secret variable, such as an API key; repeatable', collect(String))
    .option('--shell', 'let sh read the commands of --exec')
    .option('--no-shell', 'at a terminal: refuse commands of your own (!ls)')
    .option('--timeout <seconds>', 'time limit for one tool call', number({above: 0, max: 86_400}), 30);
  addMcpOptions(command);
  addSamplingOptions(command, DEFAULTS.chat);
  addModelDefaultsOption(command);
  addThinkingOptions(command);
  addThoughtOptions(command);
  addEngineOptions(command);
  command.addHelpText('after', EXAMPLES);
  command.action((model?: string, maxTokens?: number, temperature?: number) => {
    const flags = command.opts<ChatFlags>();
    const sampling = samplingChoice(command, DEFAULTS.chat, {maxTokens, temperature});
    return chat(io, modelArgument(model, flags), flags, sampling, command);
  });
}

async function chat(
  io: Io,
  model: string | undefined,
  flags: ChatFlags,
  choice: SamplingChoice,
  command: Command,
): Promise<void> {
  if (!flags.instruct) return await chatWith(undefined, io, model, flags, choice, command);
  const {openServers} = await import('../mcp/open-servers.ts');
  const servers = await openServers(io, flags);
  await chatWith(servers, io, model, flags, choice, command).finally(() => servers?.close());
}

async function chatWith(
  servers: McpServers | undefined,
  io: Io,
  model: string | undefined,
  flags: ChatFlags,
  choice: SamplingChoice,
  command: Command,
): Promise<void> {
  const {promptFrom} = await import('../host/text-input.ts');
  const {offerSystem, samplingFor, systemOf} = await import('../open-model/recommended.ts');
  const system = await systemOf(io, flags.system);
  const prompt = flags.prompt && (await promptFrom(io, flags.prompt));
  const form = await answerForm(io, flags);
  if (form && flags.instruct && prompt === undefined && (await isAtTerminal(io, flags))) await refuseSchemaAtTerminal();
  if (flags.instruct && prompt === undefined && answerFormat(flags) === 'text' && (await isAtTerminal(io, flags))) {
    const {resume, save = true} = flags;
    const chat = {
      ...{
        model,
        flags,
        sampling: choice,
        system,
        resume: flags.continue ?? resume,
        save,
        tools: flags,
        toolSource: servers,
      },
      thoughts: thoughtChoice(flags),
      contextPolicy: flags.contextPolicy,
      ...{stats: flags.stats, notify: flags.notify, title: flags.title},
      ...{reducedMotion: wantsReducedMotion(io, flags), screenReader: usesScreenReader(io, flags)},
    };
    if (wantsScreen(io, flags)) return await (await import('./chat-screen.ts')).chatOnScreen(io, chat);
    return await (await import('./chat-plain.ts')).chatInPlain(io, chat);
  }
  await (await import('./terminal-only.ts')).refuseWithoutTerminal(command);
  const answer = async (backend: Backend) => {
    const sampling = samplingFor(backend.model, choice, io.say);
    if (flags.instruct && !system) offerSystem(backend.model, '--system default', io.say);
    const how = {sampling, ...(form && {responseFormat: form})};
    const begin = async () =>
      flags.instruct ? await chatTurns(backend, system, how, flags, {io, servers}) : continuation(backend, how);
    const send = flags.history ? await begin() : alone(begin);
    const face = {
      io,
      send,
      model: backend.model,
      format: answerFormat(flags),
      showThinking: flags.showThinking === true,
      screenReader: usesScreenReader(io, flags),
      ...(form && {schema: form.schema}),
      alone: !flags.history,
      ...(answerFormat(flags) !== 'text' && {told: await samplingTold(command, choice, backend.model)}),
      makesRoom: flags.instruct === true && flags.contextPolicy !== 'stop',
    };
    const {answerOnce, answerLines} = await import('./piped-turns.ts');
    await (prompt === undefined ? answerLines(face) : answerOnce(face, prompt));
  };
  // What a server's model recommends as its system prompt, only who opened it knows.
  const attach = prompt !== undefined && flags.attach && flags.system !== 'default';
  const running =
    attach && (await (await import('../open-model/running-servers.ts')).attachedBackend(io, model, flags));
  if (running) return await answer(running);
  if (usesScreenReader(io, flags) && io.stdin.isTTY) io.say('The model is being loaded.');
  const {withBackend} = await import('../open-model/open-backend.ts');
  // Without a spinner, which turns.
  const chats = flags.instruct === true;
  await withBackend(io, model, flags, answer, {attach, chats, ...(wantsReducedMotion(io, flags) && {onProgress() {}})});
}

/** What --json tells of the sampling. */
async function samplingTold(command: Command, choice: SamplingChoice, {sampling}: ModelInfo): Promise<object> {
  return (await import('../settings/sampling-origins.ts')).samplingTold(command, choice, sampling);
}

/** The form that --schema asks for. @throws EngineError as `readAnswerSchema`, and `usage` for --schema-loose alone. */
async function answerForm(io: Io, {schema, schemaLoose}: ChatFlags): Promise<SchemaForm | undefined> {
  if (schema !== undefined) {
    return (await import('./answer-schema.ts')).readAnswerSchema(io, schema, schemaLoose === true);
  }
  if (!schemaLoose) return undefined;
  const {EngineError} = await import('../../base/errors.ts');
  throw new EngineError('usage', '--schema-loose says how --schema is taken, and there is no --schema');
}

async function refuseSchemaAtTerminal(): Promise<never> {
  const {EngineError} = await import('../../base/errors.ts');
  throw new EngineError('usage', '--schema is for pipes and -p, and this is a chat at a terminal', {
    hint: 'Add -p TEXT, or send the lines in by a pipe.',
  });
}

/** Each text is said to nobody who heard another one. */
function alone(begin: () => Promise<Send>): Send {
  return async function* (text, signal) {
    yield* (await begin())(text, signal);
  };
}

/** @throws EngineError `usage` when --tui insists on a screen where none can be. */
async function isAtTerminal(io: Io, {tui}: ChatFlags): Promise<boolean> {
  const isTerminal = io.stdin.isTTY === true && io.stdout.isTTY === true;
  if (tui && (!isTerminal || io.env.TERM === 'dumb')) {
    const {EngineError} = await import('../../base/errors.ts');
    throw new EngineError('usage', '--tui needs a terminal for input and output', {hint: 'Omit it in a pipe.'});
  }
  return isTerminal;
}

function wantsScreen(io: Io, flags: ChatFlags): boolean {
  return !flags.plain && io.env.TERM !== 'dumb' && !usesScreenReader(io, flags);
}

function usesScreenReader({env}: Io, {screenReader}: ChatFlags): boolean {
  return screenReader === true || hasScreenReader(env);
}

function wantsReducedMotion(io: Io, flags: ChatFlags): boolean {
  return flags.reducedMotion === true || asksForReducedMotion(io.env) || usesScreenReader(io, flags);
}

function answerFormat({json, streamJson}: ChatFlags): AnswerFormat {
  return streamJson ? 'stream-json' : json ? 'json' : 'text';
}

async function chatTurns(
  backend: Backend,
  system: SystemOf | undefined,
  how: HowToAnswer,
  {dropThoughts, contextPolicy}: ChatFlags,
  {io, servers}: {readonly io: Io; readonly servers: McpServers | undefined},
): Promise<Send> {
  const {Conversation} = await import('../../engine/conversation/conversation.ts');
  const mcp = servers && (await import('../mcp/piped-tools.ts'));
  let tools: readonly Tool[] = [];
  const conversation = new Conversation({
    backend,
    settings: () => (tools.length === 0 ? how : {...how, tools}),
    ...(mcp && {
      runTool: (call, signal) => mcp.runAllowed(io.say, servers, call, signal),
      maxToolRounds: mcp.MOST_ROUNDS,
    }),
    dropThoughts: () => dropThoughts === true,
    contextPolicy: () => contextPolicy,
  });
  conversation.setSystem(system?.(backend.model));
  // Who is not there at the first line is not there for a whole pipe.
  await servers?.settled();
  return async function* (text, signal) {
    if (mcp) tools = await mcp.pipedTools(io.say, servers, backend.model);
    for await (const event of conversation.send(text, signal)) {
      if (event.type !== 'tool_result') yield event;
      else io.say(`${event.call.name} ${event.call.arguments} -> ${event.content}`);
    }
  };
}

/** As mistral-inference without --instruct: one text that grows by every input and every answer. */
function continuation(backend: Backend, how: HowToAnswer): Send {
  let text = '';
  return async function* (input, signal) {
    // What is refused before it is answered has not been said.
    let grown = text + input;
    for await (const event of backend.complete({prompt: grown, ...how}, signal)) {
      if (event.type === 'text') grown += event.text;
      text = grown;
      yield event;
    }
  };
}
