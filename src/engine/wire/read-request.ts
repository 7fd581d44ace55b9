// Requests as JSON, in the union of the Mistral and OpenAI dialects, read into the house's types.
import {defined} from '../../base/defined.ts';
import {isJsonObject, type Json, type JsonObject} from '../../base/json.ts';
import {Refusal} from '../contract/refusal.ts';
import type {ChatCompletionRequest, FIMRequest, Message, ResponseFormat} from '../contract/requests.ts';
import type {SamplingParams} from '../contract/sampling.ts';
import {withContinuation} from './continuation.ts';
import {exactBody} from './exact-request.ts';
import {type Dialect, Fields, type ReadContext} from './fields.ts';
import {mapForeignCallIds} from './map-call-ids.ts';
import {readMessage} from './read-messages.ts';
import {CHAT_SAMPLING_FIELDS, readSampling, SAMPLING_FIELDS} from './read-sampling.ts';
import {readToolChoice, readTools} from './read-tools.ts';
import {schemaFault} from './schema-fault.ts';

export interface WireOptions {
  /**
   * `exact` is mistral-common's request and nothing else; `strict` (default) also takes what the APIs say to a server:
   * unknown fields are refused, call ids stay as they are. `lenient` is
   * for the clients of a server: unknown fields are ignored, the role `developer` is `system`, tool parameters may be
   * missing, `allowed_tools` is understood, an effort of reasoning that the model lacks stands for the nearest it has, and call ids of other makers become ids
   * a template can carry.
   */
  readonly dialect?: Dialect;
  /** Sampling where the request says nothing; default: temperature 0. */
  readonly sampling?: SamplingParams;
}

export interface WireRequest<Request> {
  readonly request: Request;
  readonly model: string | undefined;
  /** Paths of the fields nobody looked at (lenient only). */
  readonly ignored: readonly string[];
}

/** Fields with a meaning for a server or for nobody here; they are accepted in both dialects. */
const ENVELOPE_FIELDS: readonly string[] = [
  'model',
  'stream',
  'stream_options',
  'n',
  'user',
  'metadata',
  'safe_prompt',
  'parallel_tool_calls',
];

const CHAT_FIELDS: readonly string[] = [
  ...SAMPLING_FIELDS,
  ...ENVELOPE_FIELDS,
  'messages',
  'tools',
  'tool_choice',
  'response_format',
  'reasoning_effort',
  'model_settings',
  'truncate_for_context_length',
];

const FIM_FIELDS: readonly string[] = [
  ...SAMPLING_FIELDS.filter((name) => !CHAT_SAMPLING_FIELDS.includes(name)),
  ...ENVELOPE_FIELDS,
  'prompt',
  'suffix',
  'min_tokens',
];

/**
 * Reads a chat completion request. What the template version refuses is found when the request is encoded.
 * @throws Refusal (ValidationError) with the path of the field at fault.
 */
export function readChatRequest(body: Json, options: WireOptions = {}): WireRequest<ChatCompletionRequest> {
  const fields = new Fields(chatBody(body, options.dialect), '', newContext(options));
  const {context} = fields;
  fields.only(CHAT_FIELDS);
  const messages = readMessages(fields);
  const tools = fields.get('tools');
  const {choice, offered} = readToolChoice(fields);
  const given = tools === undefined ? undefined : readTools(tools, context);
  const request: ChatCompletionRequest = defined({
    messages,
    sampling: readSampling(fields, options.sampling ?? {temperature: 0}),
    tools: offered ? (given ?? []).filter(({name}) => offered.has(name)) : given,
    toolChoice: choice,
    responseFormat: readResponseFormat(fields),
    reasoningEffort: fields.string('reasoning_effort'),
    nearestEffort: context.dialect === 'lenient' && fields.get('reasoning_effort') !== undefined ? true : undefined,
    modelSettings: readModelSettings(fields),
    truncateForContextLength: fields.boolean('truncate_for_context_length'),
  });
  return {request, model: fields.string('model'), ignored: context.ignored};
}

/** A continuation is asked for first, as in mistral-common, before any other member is looked at. */
function chatBody(body: Json, dialect: Dialect = 'strict'): Json {
  if (!isJsonObject(body)) return body;
  const continued = withContinuation(body, dialect);
  return dialect === 'exact' ? exactBody('chat', continued) : continued;
}

function readModelSettings(fields: Fields): JsonObject | undefined {
  const settings = fields.get('model_settings');
  if (settings === undefined || isJsonObject(settings)) return settings;
  throw fields.wrong('model_settings', 'an object');
}

/**
 * The messages of a request, for the dialects whose other fields mean something else.
 * @throws Refusal (ValidationError) with the path of the field at fault.
 */
export function readMessages(fields: Fields): readonly Message[] {
  const list = fields.list('messages') ?? fields.missing('messages');
  const messages = list.map((message, index) => readMessage(message, `messages[${index}]`, fields.context));
  return fields.context.dialect === 'lenient' ? mapForeignCallIds(messages) : messages;
}

/**
 * Reads a fill-in-the-middle request.
 * @throws Refusal (ValidationError) with the path of the field at fault.
 */
export function readFimRequest(body: Json, options: WireOptions = {}): WireRequest<FIMRequest> {
  const json = options.dialect === 'exact' && isJsonObject(body) ? exactBody('fim', body) : body;
  const fields = new Fields(json, '', newContext(options));
  fields.only(FIM_FIELDS);
  const request: FIMRequest = defined({
    prompt: fields.requiredString('prompt'),
    suffix: fields.string('suffix'),
    sampling: readSampling(fields, options.sampling ?? {temperature: 0}),
  });
  return {request, model: fields.string('model'), ignored: fields.context.ignored};
}

function newContext(options: WireOptions): ReadContext {
  return {dialect: options.dialect ?? 'strict', ignored: []};
}

/** Without a type it is text. What stands under `json_schema` is checked even where the type does not ask for it. */
function readResponseFormat(request: Fields): ResponseFormat | undefined {
  const format = request.fields('response_format');
  if (format === undefined) return undefined;
  format.only(['type', 'json_schema']);
  format.notNull('type');
  const type = format.string('type') ?? 'text';
  if (type !== 'text' && type !== 'json_object' && type !== 'json_schema') {
    throw format.wrong('type', 'text, json_object or json_schema');
  }
  const definition = format.fields('json_schema');
  const schema = definition && readSchema(definition);
  if (type !== 'json_schema') return {type};
  return {type, schema: schema ?? format.missing('json_schema')};
}

/** The schema's name, description and `strict` change nothing here. */
function readSchema(definition: Fields): JsonObject {
  const {dialect} = definition.context;
  const spellings =
    dialect === 'exact' ? ['schema', 'custom_schema'] : ['schema', 'custom_schema', 'schema_definition'];
  if (dialect === 'exact') {
    definition.only(['name', 'description', 'strict', ...spellings]);
    definition.notNull('strict');
    definition.requiredString('name');
    definition.string('description');
    definition.boolean('strict');
  }
  const name = definition.first(spellings);
  const schema = definition.get(name) ?? definition.missing('schema');
  if (!isJsonObject(schema)) throw definition.wrong(name, 'an object (a JSON schema)');
  const fault = schemaFault(schema);
  if (fault === undefined) return schema;
  throw new Refusal('ValidationError', `The schema of the answer is no JSON schema: ${fault}.`, {
    param: definition.pathOf(name),
  });
}
