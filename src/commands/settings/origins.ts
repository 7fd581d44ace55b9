// Where the values of a run's options are from, for whoever tells it.
import type {Command} from 'commander';

/** Such as `$MISTRAL_SEED`, `config.toml:2:1` or `profile fast (config.toml:9:1)`. */
export type Origin = string;

/** Of the commands that took settings. */
const origins = new WeakMap<Command, ReadonlyMap<string, Origin>>();

/** By the option's key; empty where no file and no variable set any. */
export function originsOf(command: Command): ReadonlyMap<string, Origin> {
  return origins.get(command) ?? new Map();
}

/** Whether a file or a variable was looked at. */
export function tookSettings(command: Command): boolean {
  return origins.has(command);
}

export function noteOrigins(command: Command, ofKeys: ReadonlyMap<string, Origin>): void {
  origins.set(command, ofKeys);
}
