// Other spellings of our flags: underscores as in --max_tokens, and the boolean forms of python-fire.
import type {Command, Option} from 'commander';

/** Flags whose value is the name of something: an empty one, as an unset variable of a script leaves, is none. */
const NAMES = /<(?:address|file|folder|id|model|name|origin|path|url)>/;

/**
 * Rewrites the spellings of mistral-inference to the ones the program declares: `--max_tokens` to `--max-tokens`,
 * `--noinstruct`, `--instruct=False` and `--instruct False` to the flag or its absence. Empty names are left out, other
 * values are left alone.
 * @param overruled takes the flags that a later boolean form undoes, for whoever tells it
 */
export function normaliseArgv(
  command: Command,
  argv: readonly string[],
  overruled: Set<string> = new Set<string>(),
): string[] {
  let result: Word[] = [];
  const keep = (text: string, option?: Option) => result.push({text, option});
  const turn = (option: Option, on: boolean) => {
    const flag = booleanFlag(command, option, on);
    if (flag !== undefined) return keep(flag, option);
    const others = result.filter((word) => word.option !== option);
    if (others.length < result.length) overruled.add(option.long ?? option.flags);
    result = others;
  };
  for (let i = 0; i < argv.length; i++) {
    const arg = argv[i] ?? '';
    if (arg === '--') return [...result.map(({text}) => text), ...argv.slice(i)];
    if (!arg.startsWith('-') || arg === '-') {
      keep(arg);
      continue;
    }
    const {flag, value} = splitFlag(arg);
    const option = command.options.find((candidate) => candidate.long === flag || candidate.short === flag);
    const switchOff = option ? undefined : switchedOff(command, flag);
    if (switchOff) {
      turn(switchOff, switchOff.negate);
    } else if (option && takesNoValue(option) && value !== undefined) {
      if (isBooleanWord(value)) turn(option, isTrue(value));
      else keep(`${flag}=${value}`);
    } else if (option && takesNoValue(option)) {
      if (isBooleanWord(argv[i + 1])) turn(option, isTrue(argv[++i]));
      else keep(flag, option);
    } else if (option?.required && NAMES.test(option.flags) && (value ?? argv[i + 1]) === '') {
      if (value === undefined) i++;
    } else {
      keep(value === undefined ? flag : `${flag}=${value}`);
      if (option?.required && value === undefined && i + 1 < argv.length) keep(argv[++i] ?? '');
    }
  }
  return result.map(({text}) => text);
}

/** A word of the new command line, with the flag that it is where that takes no value. */
interface Word {
  readonly text: string;
  readonly option: Option | undefined;
}

/** `--max_tokens=3` to `--max-tokens` and `3`; underscores of the value stay. */
function splitFlag(arg: string): {flag: string; value: string | undefined} {
  const equals = arg.startsWith('--') ? arg.indexOf('=') : -1;
  const name = equals === -1 ? arg : arg.slice(0, equals);
  return {
    flag: name.startsWith('--') ? name.replaceAll('_', '-') : name,
    value: equals === -1 ? undefined : arg.slice(equals + 1),
  };
}

/** The boolean option meant by `--nostream` or `--no-stream`, where only `--stream` is declared. */
function switchedOff(command: Command, flag: string): Option | undefined {
  const name = /^--no-?(.+)$/.exec(flag)?.[1];
  const spellings = [`--${name}`, `--no-${name}`];
  return command.options.find((option) => spellings.includes(option.long ?? '') && takesNoValue(option));
}

/** The spelling that turns `option` on or off, which is none where its absence does. */
function booleanFlag(command: Command, option: Option, on: boolean): string | undefined {
  const long = option.long ?? '';
  const bare = long.replace(/^--no-/, '--');
  const wanted = option.negate === on ? `--no-${bare.slice(2)}` : bare;
  return command.options.some((candidate) => candidate.long === wanted) ? wanted : undefined;
}

const takesNoValue = (option: Option) => !option.required && !option.optional;
const isBooleanWord = (value: string | undefined) => value !== undefined && /^(true|false)$/i.test(value);
const isTrue = (value: string | undefined) => /^true$/i.test(value ?? '');
