// Requests as JSON, in the union of the Mistral and OpenAI dialects, read into the house's types.
import type {Json} from '../../base/json.ts';
import type {ChatCompletionRequest, FIMRequest, ResponseFormat} from '../contract/requests.ts';
import type {SamplingParams} from '../contract/sampling.ts';
import {type Dialect, Fields, type ReadContext} from './fields.ts';
import {mapForeignCallIds} from './map-call-ids.ts';
import {readMessage} from './read-messages.ts';
import {readSampling, SAMPLING_FIELDS} from './read-sampling.ts';
import {readToolChoice, readTools} from './read-tools.ts';

export interface WireOptions {
  /**
   * `strict` (default) is mistral-common's request: unknown fields are refused, call ids stay as they are. `lenient` is
   * for the clients of a server: unknown fields are ignored, the role `developer` is `system`, tool parameters may be
   * missing, and call ids of other makers become ids a template can carry.
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
  'continue_final_message',
  'truncate_for_context_length',
];

const FIM_FIELDS: readonly string[] = [...SAMPLING_FIELDS, ...ENVELOPE_FIELDS, 'prompt', 'suffix', 'min_tokens'];

/**
 * Reads a chat completion request. What the template version refuses is found when the request is encoded.
 * @throws Refusal (ValidationError) with the path of the field at fault.
 */
export function readChatRequest(body: Json, options: WireOptions = {}): WireRequest<ChatCompletionRequest> {
  const fields = new Fields(body, '', newContext(options));
  const {context} = fields;
  fields.only(CHAT_FIELDS);
  const list = fields.list('messages') ?? fields.missing('messages');
  const messages = list.map((message, index) => readMessage(message, `messages[${index}]`, context));
  const tools = fields.get('tools');
  const request: ChatCompletionRequest = {
    messages: context.dialect === 'lenient' ? mapForeignCallIds(messages) : messages,
    sampling: readSampling(fields, options.sampling ?? {temperature: 0}),
    ...present('tools', tools === undefined ? undefined : readTools(tools, context)),
    ...present('toolChoice', readToolChoice(fields)),
    ...present('responseFormat', readResponseFormat(fields)),
    ...present('reasoningEffort', readReasoningEffort(fields)),
    ...present('continueFinalMessage', fields.boolean('continue_final_message')),
    ...present('truncateForContextLength', fields.boolean('truncate_for_context_length')),
  };
  return {request, model: fields.string('model'), ignored: context.ignored};
}

/**
 * Reads a fill-in-the-middle request.
 * @throws Refusal (ValidationError) with the path of the field at fault.
 */
export function readFimRequest(body: Json, options: WireOptions = {}): WireRequest<FIMRequest> {
  const fields = new Fields(body, '', newContext(options));
  fields.only(FIM_FIELDS);
  const request: FIMRequest = {
    prompt: fields.requiredString('prompt'),
    ...present('suffix', fields.string('suffix')),
    sampling: readSampling(fields, options.sampling ?? {temperature: 0}),
  };
  return {request, model: fields.string('model'), ignored: fields.context.ignored};
}

function newContext(options: WireOptions): ReadContext {
  return {dialect: options.dialect ?? 'strict', ignored: []};
}

/** An object with one member, or with none where there is nothing to say. */
function present<Key extends string, Value>(key: Key, value: Value | undefined): {readonly [K in Key]?: Value} {
  return value === undefined ? {} : ({[key]: value} as {readonly [K in Key]: Value});
}

function readReasoningEffort(request: Fields): 'none' | 'high' | undefined {
  const effort = request.string('reasoning_effort');
  if (effort === undefined || effort === 'none' || effort === 'high') return effort;
  throw request.wrong('reasoning_effort', 'none or high');
}

/** The schema stands under `json_schema.schema`; its name and `strict` change nothing here. */
function readResponseFormat(request: Fields): ResponseFormat | undefined {
  const format = request.fields('response_format');
  if (format === undefined) return undefined;
  format.only(['type', 'json_schema']);
  const type = format.requiredString('type');
  if (type === 'text' || type === 'json_object') return {type};
  if (type !== 'json_schema') throw format.wrong('type', 'text, json_object or json_schema');
  const definition = format.fields('json_schema') ?? format.missing('json_schema');
  const schema = definition.get('schema') ?? definition.get('schema_definition');
  return {type, schema: schema ?? definition.missing('schema')};
}
