// The settings of a command as a run would have them, a line each: name, value, origin.
import type {Command, Option} from 'commander';
import {EngineError} from '../../base/errors.ts';
import {nearestName} from '../../ui/chat/slash/nearest-name.ts';
import type {Io} from '../host/io.ts';
import {originsOf} from '../settings/origins.ts';
import {type AllCommands, takeSettings, takesSettings} from '../settings/take-settings.ts';

export interface ConfigFlags {
  readonly json?: true;
  readonly profile?: string;
  /** Commander's value of an absent --no-… option is true. */
  readonly config?: boolean;
}

interface ShownSetting {
  readonly name: string;
  readonly value: unknown;
  readonly origin: string;
}

/** @throws EngineError `usage` for a command that has no settings, and as `takeSettings` does. */
export async function showSettings(io: Io, name: string, flags: ConfigFlags, all: AllCommands): Promise<void> {
  const commands = await all();
  const takers = commands.filter(takesSettings);
  const command = takers.find((one) => one.name() === name);
  if (command === undefined) {
    const names = takers.map((one) => one.name());
    const near = nearestName(name, [...names, 'check', 'path', 'trust']);
    throw new EngineError('usage', `${name} is not a command that has settings: ${names.join(', ')}`, {
      ...(near !== undefined && {hint: `Did you mean 'mistral config ${near}'?`}),
    });
  }
  if (flags.profile !== undefined) command.setOptionValueWithSource('profile', flags.profile, 'cli');
  if (flags.config === false) command.setOptionValueWithSource('config', false, 'cli');
  await takeSettings(command, {name, all: commands.map((one) => one.name())}, io, all);
  const settings = command.options.flatMap((option) => shownSetting(command, option));
  if (flags.json) {
    io.json({command: name, settings: settings.map(({name: key, ...rest}) => ({name: key, ...rest}))});
    return;
  }
  for (const {name: key, value, origin} of settings) {
    io.show(`${key.padEnd(22)} ${textOf(value).padEnd(22)} ${origin}\n`);
  }
}

/** What has no value is left out, as are flags that are not given. */
function shownSetting(command: Command, option: Option): ShownSetting[] {
  const key = option.attributeName();
  const value: unknown = command.getOptionValue(key);
  const name = (option.long ?? '').slice(2);
  const origin = originsOf(command).get(key);
  const isHow = name === 'profile' || name === 'no-config';
  if (isHow || value === undefined || (origin === undefined && option.negate)) return [];
  // A flag and its --no-… have one value.
  if (command.options.some((other) => other !== option && other.attributeName() === key) && option.negate === value)
    return [];
  return [{name, value: option.negate ? value === false : value, origin: origin ?? 'built in'}];
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));
