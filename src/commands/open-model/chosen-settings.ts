// `--setting NAME=VALUE`: model settings for every request that does not say otherwise.
import {EngineError} from '../../base/errors.ts';
import {type Json, JsonError, type JsonObject, parseJson} from '../../base/json.ts';

/**
 * A value is JSON, or else a text.
 * @throws EngineError `usage` for what is no NAME=VALUE, or names a setting twice.
 */
export function chosenSettings(flags: readonly string[] | undefined): JsonObject | undefined {
  if (flags === undefined) return undefined;
  const settings = new Map<string, Json>();
  for (const flag of flags) {
    const [, name, value = ''] = /^([^=]+)=(.*)$/s.exec(flag) ?? [];
    if (name === undefined) throw new EngineError('usage', `--setting ${flag} is not of the form NAME=VALUE`);
    if (settings.has(name)) throw new EngineError('usage', `--setting names ${name} twice`);
    settings.set(name, jsonOrText(value));
  }
  return settings;
}

function jsonOrText(value: string): Json {
  try {
    return parseJson(value);
  } catch (error) {
    if (error instanceof JsonError && error.kind === 'syntax') return value;
    throw error;
  }
}
