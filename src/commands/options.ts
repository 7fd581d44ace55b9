// The one table of flags and defaults; every command takes the groups it needs from here.

import type {Command} from 'commander';
import {defined} from '../base/defined.ts';
import {EngineError} from '../base/errors.ts';
import {
  DEVICES,
  type Device,
  ENGINE_CALLS,
  type EngineCalls,
  KV_TYPES,
  type KvType,
  SPLIT_MODES,
  type SplitMode,
} from '../engine/contract/local-engine.ts';
import type {TemplateVersion} from '../engine/contract/requests.ts';
import type {SamplingChoice, SamplingParams} from '../engine/contract/sampling.ts';
import {
  type NumberKey,
  type NumberRow,
  parseLogitBias,
  parseNumber,
  type Range,
  rowOf,
  SAMPLING,
} from '../engine/contract/sampling-table.ts';
import {templateVersions} from '../engine/contract/templates.ts';
import {CONTEXT_POLICIES} from '../engine/conversation/context/context-policy.ts';
import {InvalidArgumentError, Option} from './commander.ts';

/** What a flag means when it is absent. mistral-inference's 35 tokens stay with `demo`: in a chat they cut answers. */
export const DEFAULTS = {
  chat: {maxTokens: 1024, temperature: 0.7, topP: 0.8},
  demo: {maxTokens: 35, temperature: 0},
  fim: {maxTokens: 256, temperature: 0},
  tools: {maxTokens: 1024, temperature: 0},
} as const satisfies Record<string, SamplingParams>;

/** On parsers of `number` and of `collect`: also on those of another copy of this file, as the bundle of the fill-in has one. */
const NUMBERS: unique symbol = Symbol.for('mistral-chat.numbers');
const SEVERAL: unique symbol = Symbol.for('mistral-chat.several');

/** What `--gpu` may name: `auto` is its absence. */
const GPU_KINDS = DEVICES.filter((device) => device !== 'auto');

export interface EngineFlags {
  readonly url?: string;
  readonly apiKeyEnv?: string;
  readonly keyOverHttp?: true;
  readonly remoteModel?: string;
  readonly tokenizer?: string;
  /** Seconds; 0 is no limit. */
  readonly connectTimeout?: number;
  readonly replyTimeout?: number;
  readonly idleTimeout?: number;
  readonly quant?: string;
  readonly gpuLayers?: number | 'max';
  readonly gpu?: Device;
  readonly devices?: readonly string[];
  readonly gpuSplit?: readonly number[];
  readonly splitMode?: SplitMode;
  readonly mainGpu?: number;
  /** Tokens. */
  readonly ctx?: number;
  readonly kvType?: KvType;
  /** Commander's value of an absent --no-… option is true. */
  readonly memoryCheck?: boolean;
  readonly engine?: EngineCalls;
  readonly library?: string;
  readonly threads?: number;
  readonly loraPath?: string;
  readonly loraScale?: number;
  readonly template?: TemplateVersion;
  /** A file with a chat template in Jinja. */
  readonly chatTemplate?: string;
  /** Opens a vocabulary that is not Mistral's. */
  readonly foreign?: true;
  readonly setting?: readonly string[];
  /** Commander's value of an absent --no-… option is true. */
  readonly modelDefaults?: boolean;
  readonly reasoningEffort?: string;
  readonly verbose?: true;
  /** Agree to the conversion of a model folder. */
  readonly yes?: true;
}

/** `[model]`, and `--model-path` as python-fire allows it. */
export function addModelArgument(command: Command): void {
  command.argument('[model]', 'folder, GGUF file or name (default: $MISTRAL_MODEL, else the small embedded model)');
  command.addOption(new Option('--model-path <path>').hideHelp());
}

/**
 * The model argument, by position or by flag; an empty one, as an unset variable of a script leaves, is none.
 * @throws EngineError `usage` for two different ones.
 */
export function modelArgument(
  positional: string | undefined,
  flags: {readonly modelPath?: string},
): string | undefined {
  const {modelPath} = flags;
  if (modelPath && positional && modelPath !== positional) {
    throw new EngineError('usage', `two models are named: ${positional} and ${modelPath}`, {hint: 'Name one of them.'});
  }
  return modelPath || positional || undefined;
}

/** Where and how the model runs. */
export function addEngineOptions(command: Command): void {
  command
    .optionsGroup('Engine:')
    .option('--quant <name>', 'which file to use if a folder holds several, such as Q4_K_M')
    .option('--gpu-layers <n|max>', 'layers on the GPU (default: as many as fit)', gpuLayers)
    .option('--devices <names>', 'which GPUs, by name, such as CUDA0,CUDA1 (default: all)', deviceNames)
    .option('--gpu-split <shares>', 'what each GPU gets, such as 3,1 (default: by free memory)', gpuSplit)
    .addOption(new Option('--split-mode <mode>', 'what is shared: layers, rows of each, or none').choices(SPLIT_MODES))
    .option('--main-gpu <n>', 'the GPU that has what is not split, from 0', number({integer: true, min: 0, max: 15}))
    .addOption(new Option('--gpu <kind>', 'GPU interface, or off').choices(GPU_KINDS))
    .option('--ctx <tokens>', 'context size', number({integer: true, min: 1}))
    .option('--kv-type <type>', 'precision of the context memory (KV cache), such as Q8_0', kvType)
    .option(
      '--no-memory-check',
      'load a model even if it is larger than memory (slow: it is read from disk again and again)',
    )
    .option(
      '--threads <n>',
      'at most so many threads compute (default: one for each core)',
      number({integer: true, min: 1, max: 1024}),
    )
    .addOption(
      new Option(
        '--engine <kind>',
        'how llama.cpp is called (default: native on Linux without a GPU; $MISTRAL_ENGINE)',
      ).choices(ENGINE_CALLS),
    )
    .option('--library <path>', 'a llama.cpp library of your own ($MISTRAL_LLAMA_LIBRARY)')
    .option('-l, --lora-path <file>', 'LoRA adapter to apply')
    .option('--lora-scale <x>', 'strength of the adapter', number({}))
    .addOption(
      new Option('--template <version>', 'prompt format, instead of the detected one').choices(templateVersions()),
    )
    .addOption(
      new Option('--chat-template <file>', "chat template in Jinja, in place of the file's own").conflicts('template'),
    )
    .option('--foreign', "open a model whose vocabulary is not Mistral's: nobody proved its tokens")
    .option(
      '--setting <name=value>',
      'a setting of the model that its tokenizer file names; repeatable',
      collect(String),
    )
    .option('--yes', 'convert a folder without asking')
    .option('--verbose', "print the engine's log on stderr")
    .option('--url <url>', 'use an OpenAI or Mistral server instead ($MISTRAL_URL)')
    .option('--tokenizer <path>', 'with --url: build the exact prompt here, with this tokenizer')
    .option('--api-key-env <name>', 'environment variable that holds the API key (for mistral.ai: MISTRAL_API_KEY)')
    .option('--key-over-http', 'send it without TLS too, where everyone on the way can read it')
    .option('--remote-model <name>', 'which model on that server (default: the first)')
    .option('--connect-timeout <s>', 'with --url: time for a connection (default: 10; 0 is no limit)', seconds)
    .option('--reply-timeout <s>', 'with --url: time until its answer begins (default: 600)', seconds)
    .option('--idle-timeout <s>', 'with --url: time without a piece of its answer (default: 600)', seconds);
  command
    .optionsGroup('Settings:')
    .option('--profile <name>', 'settings of [profiles.NAME] in your settings file ($MISTRAL_PROFILE)')
    .option('--no-config', 'without settings files (mistral config path; $MISTRAL_NO_CONFIG)');
  command.addOption(new Option('-n, --num-pipeline-ranks <n>').argParser(number({integer: true, min: 1})).hideHelp());
}

/** How the next token is chosen and when the answer ends. */
export function addSamplingOptions(command: Command, defaults: SamplingParams): void {
  command.optionsGroup('Sampling:');
  for (const row of SAMPLING.filter(({chatOnly}) => !chatOnly))
    command.option(row.flag, row.help, number(row), defaults[row.key]);
  command
    .option('--logit-bias <id=x>', "add x to a token's logit; repeatable", collect(logitBias))
    .option('--stop <text>', 'stop before this text; repeatable', collect(String));
}

/** For commands that take a model's recommended sampling where no flag says otherwise. */
export function addModelDefaultsOption(command: Command): void {
  command.option('--no-model-defaults', 'sampling as this program has it, not as the model recommends it');
}

/** How much a model that can think does, and for how long; for commands that chat. */
export function addThinkingOptions(command: Command): void {
  addEffortOption(command);
  for (const row of SAMPLING.filter(({chatOnly}) => chatOnly)) command.option(row.flag, row.help, number(row));
}

/** What becomes of a chat that no longer fits its context. */
export function contextPolicyOption(): Option {
  const help = 'when the chat no longer fits: leave out the oldest turns, stop, or sum up';
  return new Option('--context-policy <name>', help).choices(CONTEXT_POLICIES).default('trim');
}

/** What becomes of thoughts, for commands in which one person reads them. */
export function addThoughtOptions(command: Command): void {
  command
    .addOption(
      new Option('--show-thinking', 'show the thoughts too: on the screen, in pipes on stderr').conflicts([
        'json',
        'streamJson',
      ]),
    )
    .option('--drop-thoughts', 'do not tell the model the thoughts of its earlier answers again');
}

export interface ThoughtFlags {
  readonly showThinking?: true;
  readonly dropThoughts?: true;
}

/** The same as a chat takes it. */
export function thoughtChoice({showThinking, dropThoughts}: ThoughtFlags): {show: boolean; drop: boolean} {
  return {show: showThinking === true, drop: dropThoughts === true};
}

/** The first of them alone, for commands whose requests bring the budget. */
export function addEffortOption(command: Command): void {
  command
    .optionsGroup('Thinking:')
    .option('--reasoning-effort <level>', "how much to think: one of the model's own levels, such as none or high");
}

/** `<dir> 64 0.5`: python-fire takes the flags by position too. */
export function addPositionalSampling(command: Command): void {
  command.argument('[max-tokens]', 'same as --max-tokens', maxTokens);
  command.argument('[temperature]', 'same as --temperature', temperature);
}

type Numbers = {readonly [Key in NumberKey]?: number | undefined};

/** Sampling parameters from flags; positional values, where given, win over the defaults only. */
export function samplingParams(command: Command, defaults: SamplingParams, positional: Numbers = {}): SamplingParams {
  return {...defaults, ...samplingChoice(command, defaults, positional).asked};
}

/** The same for a command that takes a model's recommendation: what was asked for, and the defaults apart from it. */
export function samplingChoice(command: Command, otherwise: SamplingParams, positional: Numbers = {}): SamplingChoice {
  const numberOf = ({key, flag}: NumberRow) => {
    const name = new Option(flag).attributeName();
    const source = command.getOptionValueSource(name);
    const value: unknown = source === 'default' ? undefined : command.getOptionValue(name);
    // A value by position is one of the command line: it wins over those of files and the environment.
    const ofFlag = typeof value === 'number' ? value : undefined;
    return source === 'cli' ? (ofFlag ?? positional[key]) : (positional[key] ?? ofFlag);
  };
  const numbers: Numbers = Object.fromEntries(SAMPLING.map((row) => [row.key, numberOf(row)]));
  const {logitBias: biases, stop, modelDefaults} = command.opts<ChoiceFlags>();
  return {
    asked: defined({...numbers, logitBias: biases && new Map(biases), stop}),
    otherwise,
    ...(modelDefaults === false && {withoutModel: true}),
  };
}

interface ChoiceFlags {
  readonly logitBias?: [number, number][];
  readonly stop?: string[];
  readonly modelDefaults?: boolean;
}

/** A parser for numbers of a range, which says the range when it refuses. */
export function number(range: Range): (text: string) => number {
  return Object.assign((text: string) => parseNumber(range, text, refuse), {[NUMBERS]: true});
}

/** What values an option takes, for whoever has them in types and not as text. */
export function takes({parseArg, variadic}: Option): {readonly numbers: boolean; readonly several: boolean} {
  return {
    numbers: parseArg !== undefined && NUMBERS in parseArg,
    several: variadic || (parseArg !== undefined && SEVERAL in parseArg),
  };
}

function refuse(expected: string): never {
  throw new InvalidArgumentError(`Expected ${expected}.`);
}

const seconds = number({min: 0, max: 86_400});
export const maxTokens = number(rowOf('maxTokens'));
export const temperature = number(rowOf('temperature'));

function gpuLayers(text: string): number | 'max' {
  return text === 'max' ? 'max' : number({integer: true, min: 0})(text);
}

function deviceNames(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.some((name) => name === '')) refuse('names with commas between them, such as CUDA0,CUDA1');
  if (new Set(names.map((name) => name.toLowerCase())).size < names.length) refuse('each device once');
  return names;
}

/** llama.cpp knows at most 16 devices. */
function gpuSplit(text: string): number[] {
  const shares = text.split(',').map(share);
  if (shares.length > 16 || shares.every((one) => one === 0)) refuse('up to 16 shares, not all of them 0, such as 3,1');
  return shares;
}

const share = number({min: 0, max: 1e9});

function kvType(text: string): KvType {
  const type = KV_TYPES.find((candidate) => candidate === text.toUpperCase());
  if (!type) throw new InvalidArgumentError(`Allowed choices are ${KV_TYPES.join(', ')}.`);
  return type;
}

function logitBias(text: string): [number, number] {
  return parseLogitBias(text, refuse);
}

export interface McpFlags {
  /** Files that name servers. */
  readonly mcpConfig?: readonly string[];
  /** Patterns of tools that may run without a question. */
  readonly allow?: readonly string[];
  /** False: no servers at all. */
  readonly mcp?: boolean;
  /** False: none of settings files. */
  readonly config?: boolean;
}

/** For commands that use the tools of MCP servers. */
export function addMcpOptions(command: Command): void {
  command
    .option('--mcp-config <file>', 'MCP servers, in the form of Claude, Cursor or VS Code; repeatable', collect(String))
    .option(
      '--allow <pattern>',
      'tools of MCP servers that run without a question (fs_read_*); repeatable',
      collect(String),
    )
    .option('--no-mcp', 'no MCP servers, not even those of trusted files');
}

/** Parser of a repeatable option: the values so far and one more. */
export function collect<T>(parse: (text: string) => T): (text: string, previous?: readonly T[]) => T[] {
  return Object.assign((text: string, previous: readonly T[] = []) => [...previous, parse(text)], {[SEVERAL]: true});
}

/**
 * One rule for all flags that do not collect: given again, the last one counts, as scripts and aliases expect of git and
 * llama.cpp, and where it says something else than before, a line tells it.
 * @param say takes the line, once a flag, when the whole command line has been accepted
 * @returns the flags to tell of, for what finds some before commander does
 */
export function lastOneCounts(command: Command, say: (line: string) => void): Set<string> {
  const overruled = new Set<string>();
  noteOverruled(command, overruled);
  command.hook('preAction', () => {
    for (const flag of overruled) say(`note: ${flag} is given more than once; the last one counts`);
  });
  return overruled;
}

function noteOverruled(command: Command, overruled: Set<string>): void {
  const given = new Map<string, unknown>();
  for (const option of command.options) {
    if (takes(option).several) continue;
    const key = option.attributeName();
    command.on(`option:${option.name()}`, (text: string | null) => {
      // A flag and its --no-… are two spellings of one value.
      const value = text ?? !option.negate;
      if (given.has(key) && given.get(key) !== value) overruled.add(option.long ?? option.flags);
      given.set(key, value);
    });
  }
  for (const subcommand of command.commands) noteOverruled(subcommand, overruled);
}

/** Flags about another flag of the same command, by their keys: alone they have no effect. */
const COMPANIONS: Readonly<Record<string, string>> = {
  loraScale: 'loraPath',
  system: 'instruct',
  reasoningEffort: 'instruct',
  thinkingBudget: 'instruct',
  showThinking: 'instruct',
  dropThoughts: 'instruct',
};

/**
 * Refuses flags whose companion is missing before anything is loaded: they would be lost without a word. A setting of a file
 * is for all runs, also those in which it has no effect: there it is left out.
 */
export function keepCompanions(command: Command): void {
  command.hook('preAction', (_program, action) => {
    const optionOf = (key: string) => action.options.find((option) => option.attributeName() === key);
    for (const [key, companion] of Object.entries(COMPANIONS)) {
      const [option, other] = [optionOf(key), optionOf(companion)];
      const isLost = action.getOptionValue(key) !== undefined && action.getOptionValue(companion) === undefined;
      if (!option || !other || !isLost) continue;
      if (action.getOptionValueSource(key) !== 'cli') action.setOptionValueWithSource(key, undefined, 'default');
      else action.error(`error: option '${option.flags}' needs option '${other.flags}'`);
    }
  });
}
