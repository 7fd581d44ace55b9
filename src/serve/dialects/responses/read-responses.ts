// The body of OpenAI's Responses as a call.
import {defined} from '../../../base/defined.ts';
import {EngineError} from '../../../base/errors.ts';
import {isJsonObject, type Json, type JsonObject, toPlain} from '../../../base/json.ts';
import type {ChatCompletionRequest, ResponseFormat, Tool, ToolChoice} from '../../../engine/contract/requests.ts';
import type {SamplingParams} from '../../../engine/contract/sampling.ts';
import type {Fields} from '../../../engine/wire/fields.ts';
import {readSampling} from '../../../engine/wire/read-sampling.ts';
import {checkChoice} from '../../body/read-chat.ts';
import {HttpError} from '../../http-error.ts';
import {type DialectCall, fieldsOf} from '../dialect-call.ts';
import {placeSystemMessages} from '../fitted-history.ts';
import {OfferedNames} from '../offered-names.ts';
import {type ReadItems, readItems} from './read-items.ts';

export interface ResponsesCall extends DialectCall {
  readonly names: OfferedNames;
  /** The members of the request that the reply repeats. */
  readonly echo: Echo;
  /** Thoughts are given as a summary instead of as content. */
  readonly summary: boolean;
  /** Thoughts are also given in the form that comes back with the next request. */
  readonly encrypted: boolean;
  readonly logprobs: boolean;
}

export interface Echo {
  readonly instructions: string | null;
  readonly max_output_tokens: number | null;
  readonly prompt_cache_key: string | null;
  readonly reasoning: {readonly effort: string | null; readonly summary: string | null};
  readonly safety_identifier: string | null;
  readonly text: {readonly format: unknown};
  readonly tool_choice: unknown;
  readonly tools: unknown[];
  readonly top_logprobs: number;
  readonly user: string | null;
  readonly metadata: Record<string, unknown>;
}

const NAMES = {maxTokens: ['max_output_tokens']};
const ENCRYPTED = 'reasoning.encrypted_content';
const LOGPROBS = 'message.output_text.logprobs';

/** @throws Refusal, EngineError, HttpError with the path of the field at fault. */
export function readResponses(json: Json, defaults: SamplingParams): ResponsesCall {
  const fields = fieldsOf(json);
  refuse(fields);
  const {messages, told: passedOver} = readInput(fields);
  const {tools, names, told: leftOut} = readTools(fields);
  const {choice, offered} = readChoice(fields, names, tools);
  const include = (fields.list('include') ?? []).filter((one) => typeof one === 'string');
  const top = fields.integer('top_logprobs');
  const logprobs = include.includes(LOGPROBS) || (top ?? 0) > 0;
  const reasoning = fields.fields('reasoning');
  const effort = reasoning?.string('effort');
  const request: ChatCompletionRequest = defined({
    messages,
    sampling: {...readSampling(fields, defaults, NAMES), ...(logprobs && {topLogprobs: top ?? 0})},
    tools: tools.length === 0 ? undefined : offered,
    toolChoice: choice,
    responseFormat: readFormat(fields.fields('text')?.fields('format')),
    reasoningEffort: effort,
    nearestEffort: effort === undefined ? undefined : true,
  });
  checkChoice(request.tools, request.toolChoice);
  return {
    request,
    names,
    told: [...passedOver, ...leftOut, ...notDone(fields)],
    model: fields.string('model'),
    stream: fields.boolean('stream') ?? false,
    parallelCalls: fields.boolean('parallel_tool_calls') ?? true,
    echo: readEcho(fields),
    summary: ![undefined, 'none'].includes(reasoning?.string('summary')),
    encrypted: include.includes(ENCRYPTED),
    logprobs,
  };
}

function refuse(fields: Fields): void {
  if (fields.get('previous_response_id') !== undefined) {
    throw new HttpError(400, 'no response is kept here: send the whole input instead of previous_response_id', {
      code: 'previous_response_not_found',
      param: 'previous_response_id',
    });
  }
}

function unsupported(param: string, why: string): EngineError {
  return new EngineError('unsupported', `'${param}': ${why}`, {param});
}

function notDone(fields: Fields): string[] {
  const verbosity = fields.fields('text')?.string('verbosity');
  return [
    ...(fields.string('truncation') === 'auto' ? ["truncation 'auto': a prompt is never shortened here"] : []),
    ...(verbosity === undefined ? [] : [`text.verbosity '${verbosity}': the model is not told`]),
  ];
}

function readInput(fields: Fields): ReadItems {
  const input = fields.get('input');
  const instructions = fields.string('instructions');
  const read: ReadItems =
    typeof input === 'string'
      ? {messages: [{role: 'user', content: input}], told: []}
      : readItems(fields.list('input') ?? []);
  const system = instructions ? [{role: 'system', content: instructions} as const] : [];
  return {messages: placeSystemMessages([...system, ...read.messages]), told: read.told};
}

interface ReadTools {
  readonly tools: readonly Tool[];
  readonly names: OfferedNames;
  readonly told: readonly string[];
}

/** Functions, alone and in namespaces; a tool of another type is left out, and told. */
function readTools(fields: Fields): ReadTools {
  const names = new OfferedNames();
  const tools: Tool[] = [];
  const told: string[] = [];
  const read = (list: readonly Json[], path: string, namespace?: string): void => {
    list.forEach((json, index) => {
      const tool = fieldsOf(json, `${path}[${index}]`);
      const type = tool.requiredString('type');
      if (type === 'function') tools.push(readFunction(tool, names, namespace));
      else if (type === 'namespace' && namespace === undefined) {
        read(tool.list('tools') ?? [], tool.pathOf('tools'), tool.requiredString('name'));
      } else told.push(`${tool.path}: a tool of type '${type}' can't be offered to the model`);
    });
  };
  read(fields.list('tools') ?? [], 'tools');
  return {tools, names, told};
}

const NO_PARAMETERS: JsonObject = new Map<string, Json>([
  ['type', 'object'],
  ['properties', new Map()],
]);

function readFunction(tool: Fields, names: OfferedNames, namespace: string | undefined): Tool {
  const parameters = tool.get('parameters') ?? NO_PARAMETERS;
  if (!isJsonObject(parameters)) throw tool.wrong('parameters', 'an object (a JSON schema)');
  const isStrict = tool.boolean('strict') === true;
  return {
    name: names.offer({name: tool.requiredString('name'), ...(namespace !== undefined && {namespace})}),
    description: tool.string('description') ?? '',
    parameters,
    ...(isStrict && {strict: true}),
  };
}

interface ReadChoice {
  readonly choice: ToolChoice | undefined;
  /** The tools that the model may see. */
  readonly offered: readonly Tool[];
}

function readChoice(fields: Fields, names: OfferedNames, tools: readonly Tool[]): ReadChoice {
  const choice = fields.get('tool_choice');
  if (choice === undefined || typeof choice === 'string')
    return {choice: wordOf(fields, 'tool_choice'), offered: tools};
  const named = fieldsOf(choice, 'tool_choice');
  const type = named.requiredString('type');
  if (type === 'function') return {choice: {name: clientTool(named, tools, names)}, offered: tools};
  if (type !== 'allowed_tools') throw unsupported('tool_choice.type', `a tool of type '${type}' can't be called here`);
  const allowed = (named.list('tools') ?? named.missing('tools')).flatMap((json, index) => {
    const tool = fieldsOf(json, `tool_choice.tools[${index}]`);
    return tool.string('type') === 'function' ? [clientTool(tool, tools, names)] : [];
  });
  return {choice: wordOf(named, 'mode'), offered: tools.filter(({name}) => allowed.includes(name))};
}

function wordOf(fields: Fields, name: string): ToolChoice | undefined {
  const word = fields.string(name);
  if (word === undefined || word === 'auto' || word === 'none') return word;
  if (word === 'required') return 'any';
  throw fields.wrong(name, 'auto, none or required');
}

/** The offered name of the tool that the client names, with or without its namespace; its own word when there is none. */
function clientTool(fields: Fields, tools: readonly Tool[], names: OfferedNames): string {
  const name = fields.requiredString('name');
  const namespace = fields.string('namespace');
  const found = tools.find((tool) => {
    const client = names.clientName(tool.name);
    return client.name === name && (namespace === undefined || client.namespace === namespace);
  });
  return found?.name ?? name;
}

function readFormat(format: Fields | undefined): ResponseFormat | undefined {
  const type = format?.string('type');
  if (format === undefined || type === undefined || type === 'text') return undefined;
  if (type === 'json_object') return {type};
  const schema = format.get('schema') ?? format.missing('schema');
  if (!isJsonObject(schema)) throw format.wrong('schema', 'an object (a JSON schema)');
  return {type: 'json_schema', schema, ...(format.boolean('strict') !== false && {strict: true})};
}

function readEcho(fields: Fields): Echo {
  const reasoning = fields.fields('reasoning');
  const metadata = fields.get('metadata');
  const format = fields.fields('text')?.get('format');
  return {
    instructions: fields.string('instructions') ?? null,
    max_output_tokens: fields.number('max_output_tokens', {}) ?? null,
    prompt_cache_key: fields.string('prompt_cache_key') ?? null,
    reasoning: {effort: reasoning?.string('effort') ?? null, summary: reasoning?.string('summary') ?? null},
    safety_identifier: fields.string('safety_identifier') ?? null,
    text: {format: format === undefined ? {type: 'text'} : toPlain(format)},
    tool_choice: toPlain(fields.get('tool_choice') ?? 'auto'),
    tools: (fields.list('tools') ?? []).map(toPlain),
    top_logprobs: fields.integer('top_logprobs') ?? 0,
    user: fields.string('user') ?? null,
    metadata: isJsonObject(metadata) ? (toPlain(metadata) as Record<string, unknown>) : {},
  };
}
