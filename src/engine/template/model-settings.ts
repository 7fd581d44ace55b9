// Model settings (v15): the part of a request that a tokenizer file declares as understood by its model, as data.
import {dumpsJson, isJsonObject, type Json, type JsonObject} from '../../base/json.ts';
import type {Efforts} from '../contract/backend.ts';
import {Refusal} from '../contract/refusal.ts';
import type {ChatCompletionRequest, ResponseFormat, TemplateVersion} from '../contract/requests.ts';
import {TEMPLATES} from '../contract/templates.ts';

/** A setting that is one of some words. */
export interface EnumSetting {
  readonly kind: 'enum';
  readonly name: string;
  readonly values: readonly string[];
  /** false and no default: every request has to set it. */
  readonly acceptsNone: boolean;
  readonly default?: string;
}

/** A setting that is a JSON schema; without a value it is not written. */
export interface SchemaSetting {
  readonly kind: 'json_schema';
  readonly name: string;
}

/** A setting of a kind this program does not know. */
export interface UnknownSetting {
  readonly kind: 'unknown';
  readonly name: string;
  /** The kind as the file calls it. */
  readonly type: string;
  /** Without a value no prompt is right: the file has a default that nobody here can check, or takes no absence. */
  readonly isDemanded: boolean;
}

export type ModelSetting = EnumSetting | SchemaSetting | UnknownSetting;

/** The `model_settings_builder` of a tekken file. */
export interface ModelSettings {
  readonly settings: readonly ModelSetting[];
  /** What is odd about them, in words. */
  readonly notes: readonly string[];
  /** The file is of a version that has settings and does not say which: mistral-common refuses every chat. */
  readonly isMissing?: true;
}

/** The efforts of mistral-common 1.13.1, lowest first. */
export const EFFORTS: readonly string[] = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'];

const EFFORT = 'reasoning_effort';

/** What a file that says nothing is taken to know. */
const UNSAID: ModelSettings = {
  settings: [{kind: 'enum', name: EFFORT, values: ['none', 'high'], acceptsNone: true}],
  notes: [],
};

/** Which field of a request gives the value of a setting, where it is not `model_settings`. */
const FIELDS: Readonly<Record<string, string>> = {[EFFORT]: EFFORT, json_schema: 'response_format'};

/** mistral-common's schema of "any JSON". */
const OBJECT_OR_ARRAY: JsonObject = new Map([['anyOf', [typeSchema('object'), typeSchema('array')]]]);

function typeSchema(type: string): JsonObject {
  return new Map([['type', type]]);
}

type Given = Pick<ChatCompletionRequest, 'reasoningEffort' | 'nearestEffort' | 'responseFormat' | 'modelSettings'>;

/**
 * The request with settings that were chosen before it (`--setting`); what the request says itself goes first, in the
 * field of a setting too.
 */
export function withChosen<Request extends Given>(request: Request, chosen: JsonObject | undefined): Request {
  if (chosen === undefined || chosen.size === 0) return request;
  const saysSchema = schemaOf(request.responseFormat) !== undefined;
  const free = [...chosen].filter(([name]) => {
    if (name === EFFORT) return request.reasoningEffort === undefined;
    return name !== 'json_schema' || !saysSchema;
  });
  return {...request, modelSettings: new Map([...free, ...(request.modelSettings ?? [])])};
}

/** For a version without settings. @throws Refusal when the request has any. */
export function refuseSettings({reasoningEffort, modelSettings: given}: Given): void {
  const isEffort = reasoningEffort !== undefined || (given?.size === 1 && given.has(EFFORT));
  if (!isEffort && given === undefined) return;
  if (isEffort) throw noEffort();
  throw new Refusal('InvalidRequestException', 'This model takes no model settings.', {param: 'model_settings'});
}

function noEffort(): Refusal {
  return new Refusal('InvalidRequestException', 'This model has no levels of reasoning effort.', {
    param: EFFORT,
    hint: 'Leave the effort out. Where such a model can think, it does so under the system prompt that its maker recommends (--system default).',
  });
}

/**
 * Settings for every request are looked at once, before any is made with them.
 * @throws Refusal for a name or a value that the model does not take.
 */
export function checkChosen(
  chosen: JsonObject | undefined,
  version: TemplateVersion | undefined,
  settings: ModelSettings = UNSAID,
): void {
  if (chosen === undefined) return;
  if (version === undefined || TEMPLATES[version].modelSettings === 'refused') refuseSettings({modelSettings: chosen});
  if (settings.isMissing) return;
  for (const [name, value] of chosen) {
    const setting = settings.settings.find((one) => one.name === name);
    if (setting === undefined) throw unknownSetting(name, settings);
    settingValue(setting, {}, value, settings);
  }
}

/** The effort that a request has: its own, else the chosen one, else the file's. */
export function effortOf(request: Given, settings: ModelSettings = UNSAID, chosen?: JsonObject): Json | undefined {
  return request.reasoningEffort ?? request.modelSettings?.get(EFFORT) ?? effortsAsked(settings, chosen).default;
}

/** The request with the effort `none`, where the model has that level and nobody has named another. */
export function withoutEffort<Request extends Given>(
  request: Request,
  settings = UNSAID,
  chosen?: JsonObject,
): Request {
  const isNamed = request.reasoningEffort ?? request.modelSettings?.get(EFFORT) ?? chosen?.get(EFFORT);
  return isNamed === undefined && effortsOf(settings).includes('none')
    ? {...request, reasoningEffort: 'none'}
    : request;
}

/** What a mapped effort stands for, in words; undefined where the request has its own. */
export function effortNote({reasoningEffort: asked, nearestEffort: isNearest}: Given, settings = UNSAID) {
  if (asked === undefined || !isNearest) return undefined;
  const meant = nearestEffort(asked, settings);
  if (meant === asked) return undefined;
  return `reasoning_effort ${asked} is not among this model's (${valueList(effortsOf(settings))}): ${meant} was used`;
}

/** Whether a file has more than the seven efforts and the schema, or something odd: then a person should be told. */
export function isUnusual({settings, notes}: ModelSettings): boolean {
  if (notes.length > 0) return true;
  return !settings.every((setting) =>
    setting.name === EFFORT
      ? setting.kind === 'enum' && setting.values.every((value) => EFFORTS.includes(value))
      : setting.name === 'json_schema' && setting.kind === 'json_schema',
  );
}

/** The efforts a model takes, in the order of its file; none where it knows no such setting. */
export function effortsOf(settings: ModelSettings = UNSAID): readonly string[] {
  return effortSetting(settings)?.values ?? [];
}

/** The same with the one that a request has which names none: the chosen one, else the file's. */
export function effortsAsked(settings: ModelSettings = UNSAID, chosen?: JsonObject): Efforts {
  const byDefault = chosen?.get(EFFORT) ?? effortSetting(settings)?.default;
  return {levels: effortsOf(settings), ...(typeof byDefault === 'string' && {default: byDefault})};
}

function effortSetting({settings}: ModelSettings): EnumSetting | undefined {
  return settings.find((setting) => setting.kind === 'enum' && setting.name === EFFORT) as EnumSetting | undefined;
}

/**
 * The effort of a file that stands for one it does not have: the next lower, else its lowest. An effort of the file, or
 * one that nobody can rank, stays as it is.
 */
export function nearestEffort(effort: string, settings: ModelSettings = UNSAID): string {
  const values = effortsOf(settings);
  const asked = EFFORTS.indexOf(effort);
  if (asked < 0 || values.includes(effort)) return effort;
  const ranked = EFFORTS.filter((value) => values.includes(value));
  return ranked.findLast((value) => EFFORTS.indexOf(value) < asked) ?? ranked[0] ?? effort;
}

/**
 * An effort is one of mistral-common's seven, or of the file's own.
 * @throws Refusal ValidationError for another word.
 */
export function checkEffort(effort: string | undefined, settings: ModelSettings = UNSAID): void {
  if (effort === undefined || EFFORTS.includes(effort) || effortsOf(settings).includes(effort)) return;
  const own = effortsOf(settings);
  const known = [...EFFORTS, ...own.filter((value) => !EFFORTS.includes(value))];
  throw new Refusal('ValidationError', `reasoning_effort must be one of ${known.join(', ')}.`, {
    param: EFFORT,
    ...(own.length > 0 && {hint: `This model takes ${own.join(', ')}.`}),
  });
}

/**
 * The settings to write into the prompt, sorted by name; undefined when there are none. A field of the request that the
 * file has no setting for is not told to the model, as in mistral-common.
 * @throws Refusal when the model does not take a value, or needs one.
 */
export function settingsJson(request: Given, settings: ModelSettings = UNSAID): JsonObject | undefined {
  const given = request.modelSettings ?? new Map<string, Json>();
  if (settings.isMissing) return missingSettings(given);
  for (const name of given.keys()) {
    if (!settings.settings.some((setting) => setting.name === name)) throw unknownSetting(name, settings);
  }
  const entries = settings.settings.flatMap((setting) => {
    const value = settingValue(setting, request, given.get(setting.name), settings);
    return value === undefined ? [] : [[setting.name, value] as const];
  });
  return entries.length === 0 ? undefined : new Map(sorted(entries));
}

function missingSettings(given: JsonObject): JsonObject {
  if (given.size > 0) return new Map(sorted([...given]));
  throw new Refusal('InvalidRequestException', 'The tokenizer file does not say which settings its model takes.', {
    hint: 'Give them with --setting NAME=VALUE, or choose a template version without settings: --template v13.',
  });
}

function sorted<Entry extends readonly [name: string, value: Json]>(entries: readonly Entry[]): readonly Entry[] {
  return entries.toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function settingValue(
  setting: ModelSetting,
  request: Given,
  given: Json | undefined,
  settings: ModelSettings,
): Json | undefined {
  const field = fieldValue(setting, request, settings);
  if (given !== undefined && field !== undefined && dumpsJson(given) !== dumpsJson(field)) {
    throw refused(setting.name, `The setting ${setting.name} is given twice: as ${FIELDS[setting.name]} too.`);
  }
  const value = given ?? field;
  switch (setting.kind) {
    case 'enum':
      return enumValue(setting, value);
    case 'json_schema':
      if (value === undefined || isJsonObject(value)) return value;
      throw refused(setting.name, `The setting ${setting.name} must be a JSON object.`);
    case 'unknown':
      if (value !== undefined || !setting.isDemanded) return value;
      throw refused(
        setting.name,
        `The tokenizer file demands the setting ${setting.name} of a kind (${setting.type}) this program does not know.`,
        `Give it with --setting ${setting.name}=JSON.`,
      );
  }
}

function fieldValue({name, kind}: ModelSetting, request: Given, settings: ModelSettings): Json | undefined {
  if (name === EFFORT) {
    const {reasoningEffort: effort, nearestEffort: isNearest} = request;
    return effort !== undefined && isNearest ? nearestEffort(effort, settings) : effort;
  }
  return kind === 'json_schema' && name === 'json_schema' ? schemaOf(request.responseFormat) : undefined;
}

function schemaOf(format: ResponseFormat | undefined): Json | undefined {
  if (format?.type === 'json_object') return OBJECT_OR_ARRAY;
  return format?.type === 'json_schema' ? format.schema : undefined;
}

function enumValue(setting: EnumSetting, given: Json | undefined): string | undefined {
  const {name, values} = setting;
  const value = given ?? setting.default;
  if (value === undefined && setting.acceptsNone) return undefined;
  if (value === undefined) throw refused(name, `This model needs a value for ${name}: ${valueList(values)}.`);
  // A word that is also a number or a literal of JSON, such as 5, may come as one.
  const said = typeof value === 'string' ? value : dumpsJson(value);
  if (values.includes(said)) return said;
  throw refused(name, `This model takes for ${name} the values ${valueList(values)}, not ${said}.`);
}

function valueList(values: readonly string[]): string {
  return values.join(', ') || '(none)';
}

function unknownSetting(name: string, {settings}: ModelSettings): Refusal {
  if (name === EFFORT) return noEffort();
  const known = settings.map((setting) => setting.name).join(', ') || 'none';
  return refused(name, `This model has no setting ${name}; its settings: ${known}.`);
}

function refused(name: string, message: string, hint?: string): Refusal {
  const param = name === EFFORT ? EFFORT : `model_settings.${name}`;
  return new Refusal('InvalidRequestException', message, {param, ...(hint === undefined ? {} : {hint})});
}

/** What a file says about its settings, in words: a line each. */
export function settingLines({settings, notes}: ModelSettings): readonly string[] {
  return [...settings.flatMap(settingLine), ...notes];
}

function settingLine(setting: ModelSetting): readonly string[] {
  switch (setting.kind) {
    case 'enum': {
      const {name, values, default: byDefault} = setting;
      if (name === EFFORT) {
        return [`efforts ${valueList(values)} (${byDefault === undefined ? 'no default' : `default ${byDefault}`})`];
      }
      return [`also takes ${name}: ${valueList(values)}${byDefault === undefined ? '' : ` (${byDefault})`}`];
    }
    case 'json_schema':
      return [
        setting.name === 'json_schema' ? 'is told the schema of its answer' : `also takes ${setting.name}: a schema`,
      ];
    case 'unknown':
      if (setting.isDemanded) return [`the file demands setting ${setting.name} of an unknown kind (${setting.type})`];
      return [`setting ${setting.name} is of a kind (${setting.type}) this program does not know; left out`];
  }
}
