// The body of Anthropic's Messages as a call.
import {defined} from '../../../base/defined.ts';
import {isJsonObject, type Json} from '../../../base/json.ts';
import type {ChatCompletionRequest, ResponseFormat, Tool, ToolChoice} from '../../../engine/contract/requests.ts';
import type {SamplingParams} from '../../../engine/contract/sampling.ts';
import type {Fields} from '../../../engine/wire/fields.ts';
import {readSampling, readStop} from '../../../engine/wire/read-sampling.ts';
import {checkChoice} from '../../body/read-chat.ts';
import {type DialectCall, fieldsOf} from '../dialect-call.ts';
import {placeSystemMessages} from '../fitted-history.ts';
import {OfferedNames, offeredName} from '../offered-names.ts';
import {readHistory, readSystem} from './read-blocks.ts';

export interface MessagesCall extends DialectCall {
  readonly names: OfferedNames;
}

/** What `thinking` means where no effort is named. */
const THINKING_EFFORT = 'high';

/** @throws Refusal, EngineError with the path of the field at fault. */
export function readMessageRequest(json: Json, defaults: SamplingParams): MessagesCall {
  const fields = fieldsOf(json);
  const system = readSystem(fields);
  const history = readHistory(fields.list('messages') ?? fields.missing('messages'));
  const names = new OfferedNames();
  const {tools, told} = readTools(fields, names);
  const choice = fields.fields('tool_choice');
  const config = fields.fields('output_config');
  const effort = readEffort(fields.fields('thinking'), config?.string('effort'));
  const front = system === undefined ? [] : [{role: 'system', content: system} as const];
  const request: ChatCompletionRequest = defined({
    messages: placeSystemMessages([...front, ...history.messages]),
    sampling: readLimits(fields, defaults),
    tools: tools.length === 0 ? undefined : tools,
    toolChoice: choice && readChoice(choice),
    responseFormat: readFormat(config?.fields('format')),
    reasoningEffort: effort,
    nearestEffort: effort === undefined ? undefined : true,
  });
  checkChoice(request.tools, request.toolChoice);
  return {
    request,
    names,
    told: [...history.told, ...told],
    // claude-code names an effort with every request.
    effortIsWish: true,
    model: fields.string('model'),
    stream: fields.boolean('stream') ?? false,
    parallelCalls: !(choice?.boolean('disable_parallel_tool_use') ?? false),
  };
}

function readLimits(fields: Fields, defaults: SamplingParams): SamplingParams {
  const stop = readStop(fields, 'stop_sequences');
  const thinking = fields.fields('thinking');
  const budget = thinking?.string('type') === 'enabled' ? thinking.number('budget_tokens', BUDGET) : undefined;
  return {
    ...readSampling(fields.without('stop'), defaults),
    ...(stop && {stop}),
    ...(budget !== undefined && {thinkingBudget: budget}),
  };
}

const BUDGET = {integer: true, min: 0, max: 2 ** 31 - 1} as const;

function readEffort(thinking: Fields | undefined, effort: string | undefined): string | undefined {
  const type = thinking?.string('type');
  if (type === 'disabled') return 'none';
  return effort ?? (type === undefined ? undefined : THINKING_EFFORT);
}

function readTools(fields: Fields, names: OfferedNames): {tools: Tool[]; told: string[]} {
  const told: string[] = [];
  const tools = (fields.list('tools') ?? []).flatMap((json, index) => {
    const tool = fieldsOf(json, `tools[${index}]`);
    const type = tool.string('type') ?? 'custom';
    if (type === 'custom') return [readTool(tool, names)];
    told.push(`${tool.path}: a tool of type '${type}' can't be offered to the model`);
    return [];
  });
  return {tools, told};
}

function readTool(tool: Fields, names: OfferedNames): Tool {
  const parameters = tool.get('input_schema') ?? tool.missing('input_schema');
  if (!isJsonObject(parameters)) throw tool.wrong('input_schema', 'an object (a JSON schema)');
  return {
    name: names.offer({name: tool.requiredString('name')}),
    description: tool.string('description') ?? '',
    parameters,
    ...(tool.boolean('strict') === true && {strict: true}),
  };
}

function readChoice(choice: Fields): ToolChoice {
  const type = choice.requiredString('type');
  if (type === 'tool') return {name: offeredName({name: choice.requiredString('name')})};
  if (type === 'auto' || type === 'any' || type === 'none') return type;
  throw choice.wrong('type', 'auto, any, tool or none');
}

function readFormat(format: Fields | undefined): ResponseFormat | undefined {
  if (format === undefined) return undefined;
  if (format.requiredString('type') !== 'json_schema') throw format.wrong('type', 'json_schema');
  const schema = format.get('schema') ?? format.missing('schema');
  if (!isJsonObject(schema)) throw format.wrong('schema', 'an object (a JSON schema)');
  return {type: 'json_schema', schema, strict: true};
}
