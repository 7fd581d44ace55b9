// `--setting NAME=VALUE` and `--reasoning-effort`: model settings for every request that does not say otherwise.
import {EngineError} from '../../base/errors.ts';
import {type Json, JsonError, type JsonObject, parseJson} from '../../base/json.ts';

export interface SettingFlags {
  readonly setting?: readonly string[];
  readonly reasoningEffort?: string;
}

const EFFORT = 'reasoning_effort';

/**
 * A value is JSON, or else a text.
 * @throws EngineError `usage` for what is no NAME=VALUE, or names a setting twice.
 */
export function chosenSettings({setting, reasoningEffort}: SettingFlags): JsonObject | undefined {
  if (setting === undefined && reasoningEffort === undefined) return undefined;
  const settings = new Map<string, Json>();
  for (const flag of setting ?? []) {
    const [, name, value = ''] = /^([^=]+)=(.*)$/s.exec(flag) ?? [];
    if (name === undefined) throw new EngineError('usage', `--setting ${flag} is not of the form NAME=VALUE`);
    if (settings.has(name)) throw new EngineError('usage', `--setting names ${name} twice`);
    settings.set(name, jsonOrText(value));
  }
  if (reasoningEffort === undefined) return settings;
  if (settings.has(EFFORT)) throw new EngineError('usage', `--setting ${EFFORT} and --reasoning-effort mean the same`);
  return settings.set(EFFORT, reasoningEffort);
}

function jsonOrText(value: string): Json {
  try {
    return parseJson(value);
  } catch (error) {
    if (error instanceof JsonError && error.kind === 'syntax') return value;
    throw error;
  }
}
