// Requests as JSON, in the union of the Mistral and OpenAI dialects, read into the house's types.
import {defined} from '../../base/defined.ts';
import type {Json} from '../../base/json.ts';
import type {ChatCompletionRequest, FIMRequest, Message, ResponseFormat} from '../contract/requests.ts';
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
   * missing, `allowed_tools` and other makers' levels of reasoning are understood, and call ids of other makers become ids
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
    reasoningEffort: readReasoningEffort(fields),
    continueFinalMessage: fields.boolean('continue_final_message'),
    truncateForContextLength: fields.boolean('truncate_for_context_length'),
  });
  return {request, model: fields.string('model'), ignored: context.ignored};
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
  const fields = new Fields(body, '', newContext(options));
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

/** What other makers' levels are to a model that thinks or does not. */
const EFFORTS: Readonly<Record<Dialect, ReadonlyMap<string, 'none' | 'high'>>> = {
  strict: new Map([
    ['none', 'none'],
    ['high', 'high'],
  ]),
  lenient: new Map([
    ['none', 'none'],
    ['minimal', 'none'],
    ['low', 'high'],
    ['medium', 'high'],
    ['high', 'high'],
    ['xhigh', 'high'],
  ]),
};

function readReasoningEffort(request: Fields): 'none' | 'high' | undefined {
  const effort = request.string('reasoning_effort');
  if (effort === undefined) return undefined;
  const efforts = EFFORTS[request.context.dialect];
  const known = efforts.get(effort);
  if (known) return known;
  throw request.wrong('reasoning_effort', [...efforts.keys()].join(', ').replace(/, (\w+)$/, ' or $1'));
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
