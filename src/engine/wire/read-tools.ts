// Tool lists as JSON: Mistral's and OpenAI's form, and the bare function objects of a tools.json.
import {isJsonArray, isJsonObject, type Json, type JsonObject} from '../../base/json.ts';
import type {Tool, ToolChoice} from '../contract/requests.ts';
import {Fields, type ReadContext, unknownField, wrongType} from './fields.ts';

/**
 * A list of `{"type": "function", "function": {name, description?, parameters}}` or of bare function objects; an
 * object with such a list under `tools` is understood too.
 * @throws Refusal with the path of the field at fault; other faults of a tool are found when it is encoded.
 */
export function readTools(json: Json, context: ReadContext, path = 'tools'): Tool[] {
  const list = isJsonObject(json) ? json.get('tools') : json;
  if (!isJsonArray(list)) throw wrongType(path, 'a list of tools');
  return list.map((item, index) => readTool(new Fields(item, `${path}[${index}]`, context)));
}

/**
 * A tools.json: as strict as a request, but parameters may be missing, as in OpenAI's form.
 * @throws Refusal with the path of the field at fault.
 */
export function readToolFile(json: Json): Tool[] {
  const context: ReadContext = {dialect: 'lenient', ignored: []};
  const tools = readTools(json, context);
  const [unknown] = context.ignored;
  if (unknown !== undefined) throw unknownField(unknown);
  return tools;
}

function readTool(tool: Fields): Tool {
  const isBare = tool.get('function') === undefined && tool.get('name') !== undefined;
  if (isBare && tool.context.dialect !== 'exact') {
    if (tool.get('type') !== undefined) checkType(tool);
    return readFunction(tool, ['type']);
  }
  tool.only(['type', 'function']);
  tool.notNull('type');
  checkType(tool);
  return readFunction(tool.fields('function') ?? tool.missing('function'), []);
}

function checkType(tool: Fields): void {
  if ((tool.string('type') ?? 'function') !== 'function') throw tool.wrong('type', '"function"');
}

/** Templates do not tell the model whether a tool is `strict`: it is for the grammar. */
function readFunction(definition: Fields, alsoKnown: readonly string[]): Tool {
  definition.only(['name', 'description', 'parameters', 'strict', ...alsoKnown]);
  definition.notNull('description', 'strict');
  const isStrict = definition.boolean('strict') === true;
  const parameters = definition.get('parameters') ?? absentParameters(definition);
  if (!isJsonObject(parameters)) throw definition.wrong('parameters', 'an object (a JSON schema)');
  return {
    name: definition.requiredString('name'),
    description: definition.string('description') ?? '',
    parameters,
    ...(isStrict && {strict: true}),
  };
}

/** OpenAI's form may leave the parameters out; mistral-common's own form may not. */
function absentParameters(definition: Fields): JsonObject {
  return definition.context.dialect === 'lenient' ? new Map() : definition.missing('parameters');
}

const CHOICES: ReadonlyMap<Json | undefined, 'auto' | 'none' | 'any'> = new Map([
  ['auto', 'auto'],
  ['none', 'none'],
  ['any', 'any'],
  ['required', 'any'],
]);

/** `offered`: the names of the tools the model may see, where the request leaves some out. */
export interface ReadToolChoice {
  readonly choice: ToolChoice | undefined;
  readonly offered?: ReadonlySet<string>;
}

/**
 * `required` and `any` are one; an object names the function. OpenAI's `allowed_tools` (lenient alone) offers some of
 * the tools, with a choice among them.
 * @throws Refusal with the path of the field at fault.
 */
export function readToolChoice(request: Fields): ReadToolChoice {
  const choice = request.get('tool_choice');
  if (choice === undefined) return {choice};
  const word = CHOICES.get(choice);
  if (word !== undefined) return {choice: word};
  if (!isJsonObject(choice))
    throw request.wrong('tool_choice', 'auto, none, any, required or an object naming a function');
  const fields = new Fields(choice, 'tool_choice', request.context);
  const allowed = request.context.dialect === 'lenient' ? fields.fields('allowed_tools') : undefined;
  if (allowed) return readAllowedTools(allowed);
  fields.only(['type', 'function']);
  checkType(fields);
  return {choice: {name: readFunctionName(fields)}};
}

function readAllowedTools(allowed: Fields): ReadToolChoice {
  const choice = CHOICES.get(allowed.requiredString('mode'));
  if (choice === undefined) throw allowed.wrong('mode', 'auto or required');
  const tools = allowed.list('tools') ?? allowed.missing('tools');
  const path = allowed.pathOf('tools');
  const names = tools.map((tool, index) => readFunctionName(new Fields(tool, `${path}[${index}]`, allowed.context)));
  return {choice, offered: new Set(names)};
}

function readFunctionName(fields: Fields): string {
  const named = fields.fields('function') ?? fields.missing('function');
  named.only(['name']);
  return named.requiredString('name');
}
