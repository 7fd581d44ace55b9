// The value of a setting, from a file or the environment, as its flag would give it: one parser for all three.
import {isAbsolute, join, resolve} from 'node:path';
import type {Command, Option} from 'commander';
import {EngineError} from '../../base/errors.ts';
import {takes} from '../options.ts';

/** The option that a key of a file means; `isOff`: the key is its other spelling, `no-…` or without it. */
export interface KeyedOption {
  readonly option: Option;
  readonly isOff: boolean;
}

/** `name` is a flag's name without its dashes. */
export function optionNamed(command: Pick<Command, 'options'>, name: string): KeyedOption | undefined {
  const exact = command.options.find(({long}) => long === `--${name}`);
  if (exact) return {option: exact, isOff: false};
  const others = [`--no-${name}`, `--${name.replace(/^no-/, '')}`];
  const other = command.options.find((option) => others.includes(option.long ?? '') && takesNoValue(option));
  return other && {option: other, isOff: true};
}

export interface ValuePlace {
  /** Such as `config.toml:3:1`, for messages. */
  readonly at: string;
  /** To which paths are relative; absent: the working folder. */
  readonly folder?: string;
  readonly home: () => string;
}

/**
 * The value as commander would keep it; undefined for a flag that is off.
 * @throws EngineError `usage` in the words with which the flag is refused, and the place.
 */
export function settingValue({option, isOff}: KeyedOption, value: unknown, place: ValuePlace): unknown {
  const refuse = (expected: string): never => {
    throw new EngineError(
      'usage',
      `${place.at}: option '${option.flags}' argument '${shown(value)}' is invalid. ${expected}`,
    );
  };
  if (takesNoValue(option)) {
    if (typeof value !== 'boolean') return refuse('Expected true or false.');
    const isGiven = value !== isOff;
    return option.negate ? !isGiven : isGiven || undefined;
  }
  if (option.optional && typeof value === 'boolean') return value || undefined;
  const {numbers, several} = takes(option);
  if (Array.isArray(value) && !several) return refuse('Expected one value, not a list.');
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  let kept: unknown;
  for (const item of items) {
    if (typeof item === 'boolean' || (typeof item !== 'string' && typeof item !== 'number')) {
      return refuse(numbers ? 'Expected a number.' : 'Expected a text in quotes.');
    }
    if (typeof item === 'number' && (option.parseArg === undefined || several)) {
      return refuse('Expected a text in quotes.');
    }
    // A number in quotes is a text, as everywhere in TOML; the environment has nothing but texts.
    if (numbers && typeof item === 'string' && place.folder !== undefined) {
      return refuse('Expected a number, without quotes.');
    }
    const text = pathsResolved(option, String(item), place);
    kept = option.parseArg ? parsed(option, text, kept, refuse) : several ? [...asList(kept), text] : text;
  }
  return several && items.length === 0 ? [] : kept;
}

function parsed(option: Option, text: string, before: unknown, refuse: (expected: string) => never): unknown {
  try {
    return option.parseArg?.(text, before);
  } catch (error) {
    if ((error as {code?: unknown}).code !== 'commander.invalidArgument') throw error;
    return refuse((error as Error).message);
  }
}

/** A path in a file is relative to it: the file says the same in every working folder. Names of models are none. */
function pathsResolved({flags, long}: Option, text: string, {folder, home}: ValuePlace): string {
  if (folder === undefined) return text;
  if (long === '--system') return text.startsWith('@') ? `@${pathIn(folder, text.slice(1), home)}` : text;
  if (long === '--model-path') return modelPath(folder, text, home);
  return /<(?:file|folder)>/.test(flags) || PATHS.has(long ?? '') ? pathIn(folder, text, home) : text;
}

const PATHS: ReadonlySet<string> = new Set(['--library', '--tokenizer']);

/** A model as a file names it: a name, or a path that begins with /, ./, ../ or ~/. */
export function modelPath(folder: string, text: string, home: () => string): string {
  return /^(?:\.\.?|~)(?:[/\\]|$)/.test(text) ? pathIn(folder, text, home) : text;
}

/** Whether a path, or a model's name, leads nowhere outside of the folder. */
export function isInside(folder: string, path: string): boolean {
  if (isAbsolute(path) || path.startsWith('~')) return false;
  // A name of the form owner/model is one to fetch.
  if (/[/\\:]/.test(path) && !/^\.[/\\]/.test(path)) return false;
  const full = resolve(folder, path);
  return full === folder || full.startsWith(`${folder}/`) || full.startsWith(`${folder}\\`);
}

function pathIn(folder: string, path: string, home: () => string): string {
  if (path === '-') return path;
  return /^~(?:[/\\]|$)/.test(path) ? join(home(), path.slice(1)) : resolve(folder, path);
}

export function takesNoValue({required, optional}: Option): boolean {
  return !required && !optional;
}

const asList = (kept: unknown): unknown[] => (Array.isArray(kept) ? kept : []);

function shown(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  return (typeof value === 'object' ? JSON.stringify(value) : String(value)).slice(0, 80);
}
