// The `model_settings_builder` of a tekken.json: which model settings (v15) a model takes. A file of a later release is
// read as far as it can be; what is not known is named and never dropped in silence.
import {EngineError} from '../../base/errors.ts';
import {
  fromPlain,
  isJsonArray,
  isJsonObject,
  type Json,
  JsonError,
  type JsonObject,
  parseJson,
} from '../../base/json.ts';
import type {EnumSetting, ModelSetting, ModelSettings} from './model-settings.ts';

const MEMBER = 'model_settings_builder';

/** The kind of a setting whose builder does not say it. */
const KINDS: Readonly<Record<string, string>> = {reasoning_effort: 'enum', json_schema: 'json_schema'};

/**
 * Reads the member as it is written in the file `path`; undefined: it is absent, which mistral-common does not take.
 * @throws EngineError model_invalid, naming the place, when it is there and makes no sense.
 */
export function parseModelSettings(path: string, text: string | undefined): ModelSettings {
  const builders = text === undefined ? null : builderJson(path, text);
  if (builders === null) {
    return {settings: [], notes: ['the tokenizer file does not say which settings its model takes'], isMissing: true};
  }
  if (!isJsonObject(builders)) throw invalid(path, MEMBER, 'no object');
  const notes: string[] = [];
  const settings = [...builders].flatMap(([name, builder]) =>
    builder === null ? [] : [readSetting(path, name, builder, notes)],
  );
  return {settings, notes};
}

/** The member that would have named these settings. */
export function builderOf({settings}: ModelSettings): JsonObject {
  return new Map(
    settings.map((setting) => {
      const {name, kind} = setting;
      if (kind === 'json_schema') return [name, fromPlain({type: kind, accepts_none: false, default: null})];
      if (kind === 'unknown') return [name, fromPlain({type: setting.type, accepts_none: !setting.isDemanded})];
      const {values, acceptsNone, default: byDefault = null} = setting;
      return [name, fromPlain({type: kind, values, accepts_none: acceptsNone, default: byDefault})];
    }),
  );
}

function builderJson(path: string, text: string): Json {
  try {
    return parseJson(text);
  } catch (cause) {
    if (!(cause instanceof JsonError)) throw cause;
    throw new EngineError('model_invalid', `${path} has model settings that are no JSON: ${cause.reason}`, {cause});
  }
}

function readSetting(path: string, name: string, builder: Json, notes: string[]): ModelSetting {
  const place = `${MEMBER}.${name}`;
  if (!isJsonObject(builder)) throw invalid(path, place, 'no object');
  const type = builder.get('type') ?? KINDS[name] ?? 'not said';
  if (typeof type !== 'string') throw invalid(path, `${place}.type`, 'no text');
  const acceptsNone = builder.get('accepts_none') ?? type !== 'json_schema';
  if (typeof acceptsNone !== 'boolean') throw invalid(path, `${place}.accepts_none`, 'neither true nor false');
  if (type === 'enum') return readEnum(path, name, {builder, acceptsNone, notes});
  if (type === 'json_schema') return {kind: 'json_schema', name};
  const byDefault = builder.get('default') ?? null;
  return {kind: 'unknown', name, type, isDemanded: byDefault !== null || !acceptsNone};
}

interface EnumBuilder {
  readonly builder: JsonObject;
  readonly acceptsNone: boolean;
  readonly notes: string[];
}

/** Values are kept once each, in their order; a default that is none of them is one more. */
function readEnum(path: string, name: string, {builder, acceptsNone, notes}: EnumBuilder): EnumSetting {
  const place = `${MEMBER}.${name}`;
  const written = builder.get('values');
  if (!isJsonArray(written) || !written.every((value) => typeof value === 'string')) {
    throw invalid(path, `${place}.values`, 'no list of texts');
  }
  const byDefault = builder.get('default') ?? undefined;
  if (byDefault !== undefined && typeof byDefault !== 'string') throw invalid(path, `${place}.default`, 'no text');
  const values = [...new Set(written)];
  if (values.length < written.length) notes.push(`the file names a value of ${name} twice`);
  if (byDefault === undefined) {
    if (name === 'reasoning_effort') notes.push(`no default of ${name} in the file`);
    return {kind: 'enum', name, values, acceptsNone};
  }
  if (!values.includes(byDefault)) {
    notes.push(`the default ${byDefault} of ${name} is none of its values in the file`);
    values.push(byDefault);
  }
  return {kind: 'enum', name, values, acceptsNone, default: byDefault};
}

function invalid(path: string, place: string, what: string): EngineError {
  return new EngineError('model_invalid', `${path} makes no sense: ${place} is ${what}`);
}
