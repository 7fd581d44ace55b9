// `mistral fim`: prints what belongs between a prefix and a suffix, and nothing else.
import type {Command} from 'commander';
import {EngineError} from '../base/errors.ts';
import type {Backend} from '../engine/contract/backend.ts';
import {type Answer, collectAnswer} from '../engine/contract/collect-answer.ts';
import type {FIMRequest} from '../engine/contract/requests.ts';
import type {Io} from './host/io.ts';
import {
  addEngineOptions,
  addModelArgument,
  addSamplingOptions,
  DEFAULTS,
  type EngineFlags,
  modelArgument,
  number,
  samplingChoice,
} from './options.ts';

export interface FimFlags {
  readonly prefix?: string;
  readonly suffix?: string;
  readonly prefixFile?: string;
  readonly suffixFile?: string;
  readonly file?: string;
  /** From 1. */
  readonly line?: number;
  /** From 1: the middle goes before this character. */
  readonly col?: number;
  readonly attach?: boolean;
  readonly json?: true;
}

type Filler = Pick<Backend, 'fim' | 'model'>;

const EXAMPLES = `
Examples:
  mistral-fim --prefix 'def add(' --suffix '    return sum'
  mistral-fim --file main.py --line 3 --col 12     fill in at a place of a file
  git show HEAD:a.py | mistral-fim --prefix-file - --suffix '' --json`;

export function addFimCommand(command: Command, io: Io): void {
  const place = number({integer: true, min: 1});
  addModelArgument(command);
  command
    .description('Fill in the middle: print what belongs between a prefix and a suffix.')
    .option('--prefix <text>', 'text before; - is stdin')
    .option('--suffix <text>', 'text after; - is stdin')
    .option('--prefix-file <file>', 'text before, from a file; - is stdin')
    .option('--suffix-file <file>', 'text after, from a file; - is stdin')
    .option('--file <file>', 'fill in at a position in this file, given by --line and --col')
    .option('--line <n>', 'line of the place, from 1', place)
    .option('--col <n>', 'column of the place, from 1 (default: the end of the line)', place)
    .option('--no-attach', 'do not use a running `mistral serve`, even if it has this model loaded')
    .option('--json', 'one JSON object instead of the text');
  addSamplingOptions(command, DEFAULTS.fim);
  addEngineOptions(command);
  command.addHelpText('after', EXAMPLES);
  command.action(async (model?: string) => {
    const flags = command.opts<FimFlags & EngineFlags & {modelPath?: string}>();
    const texts = await fimTexts(io, flags);
    const choice = samplingChoice(command, DEFAULTS.fim);
    const request = {...texts, sampling: {...choice.otherwise, ...choice.asked}};
    const named = modelArgument(model, flags);
    const told = async () => (await import('./settings/sampling-origins.ts')).samplingTold(command, choice);
    const fill = (backend: Filler) => runFim(io, backend, request, flags.json ?? false, told);
    const {attach = true} = flags;
    const running = attach
      ? (await import('./open-model/running-servers.ts')).attachedFim(io, named, flags)
      : undefined;
    if (running && (await answered(fill(running)))) return;
    const {withBackend} = await import('./open-model/open-backend.ts');
    // An editor asks at every pause in typing and reads the exit code: it is spared what the watch costs.
    await withBackend(io, named, flags, fill, {attach, tellCrash: false});
  });
}

/** False when nobody was there to answer. */
async function answered(fill: Promise<void>): Promise<boolean> {
  try {
    await fill;
    return true;
  } catch (error) {
    if (error instanceof EngineError && error.code === 'backend_unreachable') return false;
    throw error;
  }
}

/** Prints the middle: exact in a pipe, with a newline on a terminal. `told`: members of its object in JSON. */
export async function runFim(
  io: Io,
  backend: Filler,
  request: FIMRequest,
  json: boolean,
  told: () => Promise<object> = async () => ({}),
): Promise<void> {
  const {endNotes} = await import('../ui/plain/write-answer.ts');
  const answer: Answer = await collectAnswer(backend.fim(request, io.stop), (event) => {
    if (event.type === 'text' && !json) io.print(event.text);
  });
  if (json) {
    const {answerObject} = await import('../ui/plain/answer-json.ts');
    io.json({...answerObject(answer, backend.model), ...(await told())});
  } else if (io.stdout.isTTY) {
    io.print('\n');
  }
  io.stop.throwIfAborted();
  for (const note of endNotes(answer.finish, backend.model)) io.say(note);
}

/**
 * The two texts that the flags name. Throws EngineError `usage` when none or contradicting ones are given, or the
 * place is not in the file.
 */
export async function fimTexts(io: Io, flags: FimFlags): Promise<{prompt: string; suffix: string}> {
  const {readTextFile} = await import('./host/text-input.ts');
  const {prefix, suffix, prefixFile, suffixFile, file, line} = flags;
  const parts = [prefix, suffix, prefixFile, suffixFile];
  if (file !== undefined) {
    if (parts.some((part) => part !== undefined)) throw usage('--file cannot be combined with --prefix or --suffix');
    if (line === undefined) throw usage('--file needs --line');
    return splitAt(await readTextFile(io, file), file, line, flags.col);
  }
  if (prefix !== undefined && prefixFile !== undefined) throw usage('use either --prefix or --prefix-file');
  if (suffix !== undefined && suffixFile !== undefined) throw usage('use either --suffix or --suffix-file');
  if (parts.every((part) => part === undefined)) throw usage('nothing to fill in');
  if (parts.filter((part) => part === '-').length > 1) throw usage('only one of the two texts can come from stdin');
  const text = async (literal: string | undefined, path: string | undefined) =>
    literal === '-' ? readTextFile(io, '-') : (literal ?? (path === undefined ? '' : readTextFile(io, path)));
  const texts = {prompt: await text(prefix, prefixFile), suffix: await text(suffix, suffixFile)};
  if (texts.prompt === '' && texts.suffix === '') throw usage('the prefix and the suffix are empty');
  return texts;
}

function splitAt(text: string, file: string, line: number, col: number | undefined): {prompt: string; suffix: string} {
  const lines = text.split('\n');
  const wanted = lines[line - 1]?.replace(/\r$/, '');
  if (wanted === undefined) throw usage(`${file} has only ${lines.length} lines; there is no line ${line}`);
  const column = col ?? wanted.length + 1;
  if (column > wanted.length + 1)
    throw usage(`line ${line} of ${file} ends at column ${wanted.length + 1}, before ${column}`);
  const offset = lines.slice(0, line - 1).reduce((sum, before) => sum + before.length + 1, 0) + column - 1;
  return {prompt: text.slice(0, offset), suffix: text.slice(offset)};
}

function usage(message: string): EngineError {
  return new EngineError('usage', message, {
    hint: "Give --prefix and --suffix (or their -file forms), or --file with --line; 'mistral-fim --help' has examples.",
  });
}
