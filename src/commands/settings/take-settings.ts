// Settings files and variables for the run of a command: read before its action, and only where there is something to read.
import type {Command, Option} from 'commander';
import {homeFolder} from '../host/folders.ts';
import type {Io} from '../host/io.ts';
import {meantByEnvironment} from '../open-model/meant.ts';
import {takes} from '../options.ts';
import {noteOrigins} from './origins.ts';
import type {Outcome, Run, UnknownKey} from './setting-layers.ts';
import {variableOf} from './setting-rules.ts';
import {findSettingsFiles, readSettingsFiles, type SettingsFile} from './settings-files.ts';

/** All commands, for keys that belong to another one. */
export type AllCommands = () => Promise<readonly Command[]>;

export interface CommandNames {
  /** The section of this command. */
  readonly name: string;
  readonly all: readonly string[];
}

/** Settings are for what opens a model. */
export function takesSettings({options}: Pick<Command, 'options'>): boolean {
  return ['--no-config', '--ctx'].every((name) => options.some(({long}) => long === name));
}

/** Sets the options of `command` that files and variables set and its command line does not. @throws EngineError `usage` */
export async function takeSettings(command: Command, names: CommandNames, io: Io, all: AllCommands): Promise<void> {
  if (!takesSettings(command)) return;
  const found = command.getOptionValue('config') === false ? {} : findSettingsFiles(io);
  const named: unknown = command.getOptionValue('profile');
  const profile = (typeof named === 'string' && named) || io.env.MISTRAL_PROFILE || undefined;
  const hasFile = found.user !== undefined || found.project !== undefined;
  if (!hasFile && profile === undefined && !hasVariable(command, io.env)) return;
  const files = hasFile ? await readSettingsFiles(io, found) : [];
  await takeFrom(command, {names, files, profile, io, all});
}

function hasVariable({options}: Command, env: NodeJS.ProcessEnv): boolean {
  return options.some((option) => Boolean(env[variableOf(option, takes(option).several) ?? '']));
}

interface Taking {
  readonly names: CommandNames;
  readonly files: readonly SettingsFile[];
  readonly profile: string | undefined;
  readonly io: Io;
  readonly all: AllCommands;
}

async function takeFrom(command: Command, {names, files, profile, io, all}: Taking): Promise<void> {
  const {settingsOf} = await import('./setting-layers.ts');
  const word = command.registeredArguments[0]?.name() === 'model' ? command.processedArgs[0] : undefined;
  const path: unknown = command.getOptionValue('modelPath');
  const model = [word, path].find((one): one is string => typeof one === 'string' && one !== '');
  const run: Run = {
    command,
    name: names.name,
    sections: names.all,
    files,
    env: io.env,
    home: () => homeFolder(io.env),
    profile,
    given: givenNames(command),
    model,
    meantByEnv: meantByEnvironment(io.env),
  };
  const outcome = settingsOf(run);
  setAll(command, outcome, {isPositional: word !== undefined && word !== ''});
  for (const note of outcome.notes) io.say(`note: ${note}`);
  await tellUnknown(outcome.unknown, all, io.say);
}

/** What the command line says. */
function givenNames(command: Command): Set<string> {
  const isGiven = (option: Option) => command.getOptionValueSource(option.attributeName()) === 'cli';
  return new Set(command.options.filter(isGiven).map(({long}) => long?.slice(2) ?? ''));
}

function setAll(command: Command, {settings, model}: Outcome, {isPositional}: {isPositional: boolean}): void {
  for (const {option, value} of settings) command.setOptionValueWithSource(option.attributeName(), value, 'config');
  if (model !== undefined && isPositional) command.processedArgs[0] = model;
  else if (model !== undefined) command.setOptionValueWithSource('modelPath', model, 'config');
  noteOrigins(command, new Map(settings.map(({option, origin}) => [option.attributeName(), origin])));
}

/** One line a run, so that a file for a newer program does not stand in the way of an older one. */
async function tellUnknown(keys: readonly UnknownKey[], all: AllCommands, say: (line: string) => void): Promise<void> {
  if (keys.length === 0) return;
  const {optionNamed} = await import('./setting-value.ts');
  const commands = await all();
  const isOfOthers = ({name, isOfSection}: UnknownKey) =>
    !isOfSection && commands.some((command) => optionNamed(command, name) !== undefined);
  const [first, ...others] = keys.filter((key) => !isOfOthers(key));
  if (first === undefined) return;
  const {at, key, nearest} = first;
  const meant = nearest === undefined ? '' : `; did you mean '${nearest}'?`;
  const more = others.length === 0 ? '' : ` (and ${others.length} more: mistral config check)`;
  say(`warning: ${at}: '${key}' is not known${meant}${more}`);
}
