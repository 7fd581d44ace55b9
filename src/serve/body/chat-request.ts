// A chat completion body as the engine's request: what a server takes beyond the engine's own reader of requests.
import {EngineError} from '../../base/errors.ts';
import {isJsonArray, isJsonObject, type Json, parseJson} from '../../base/json.ts';
import type {ChatCompletionRequest, Message, Tool, ToolChoice} from '../../engine/contract/requests.ts';
import type {SamplingParams} from '../../engine/contract/sampling.ts';
import {readChatRequest} from '../../engine/wire/read-request.ts';
import type {ChatBody} from './chat-schema.ts';
import {withMembers} from './sampling-schema.ts';

/** What Mistral's `safe_prompt` asks for, in our words. */
const SAFE_PROMPT =
  'Be helpful, honest and respectful. Refuse what would cause harm, and keep every answer free of hate and prejudice.';

/** Fields whose meaning would be lost if they were ignored. */
const REFUSED = {
  functions: "'functions' is the old form; use 'tools'",
  function_call: "'function_call' is the old form; use 'tool_choice'",
  audio: 'the model gives text only',
  web_search_options: 'there is no web search here',
};

const EFFORTS = {none: 'none', minimal: 'none', low: 'high', medium: 'high', high: 'high', xhigh: 'high'};

function refuse(param: string, message: string): never {
  throw new EngineError('invalid_request', `'${param}': ${message}`, {param});
}

/** The member at a path of keys and indices; undefined where there is none. */
function jsonAt(json: Json | undefined, ...path: readonly (string | number)[]): Json | undefined {
  let value = json;
  for (const key of path) {
    if (typeof key === 'number') value = isJsonArray(value) ? value[key] : undefined;
    else value = isJsonObject(value) ? value.get(key) : undefined;
  }
  return value;
}

/** OpenAI's `allowed_tools` offers some of the tools only. */
function withAllowedTools(document: Json, body: ChatBody): Json {
  const wanted = body.tool_choice;
  if (!wanted || typeof wanted === 'string' || !('allowed_tools' in wanted)) return document;
  const names = new Set(wanted.allowed_tools.tools.map((tool) => tool.function.name));
  const tools = jsonAt(document, 'tools');
  const allowed = (isJsonArray(tools) ? tools : []).filter((_tool, index) => {
    return names.has(body.tools?.[index]?.function.name ?? '');
  });
  return withMembers(document, {tools: allowed, tool_choice: wanted.allowed_tools.mode});
}

/** @throws EngineError when a call is demanded that no tool can answer. */
function checkChoice(tools: readonly Tool[] = [], choice: ToolChoice = 'auto'): void {
  if (choice === 'auto' || choice === 'none') return;
  if (tools.length === 0) refuse('tool_choice', 'it demands a call, but there are no tools');
  if (typeof choice === 'string' || tools.some(({name}) => name === choice.name)) return;
  refuse('tool_choice', `no tool is named '${choice.name}'`);
}

/**
 * `text` is the body as it came: key order and exact numbers of tool schemas and arguments reach the prompt.
 * @throws EngineError with the parameter's path.
 */
export function chatRequest(body: ChatBody, text: string, defaults: SamplingParams): ChatCompletionRequest {
  const document = parseJson(text);
  for (const [param, reason] of Object.entries(REFUSED)) {
    if ((jsonAt(document, param) ?? null) !== null) refuse(param, reason);
  }
  const prepared = withMembers(withAllowedTools(document, body), {
    reasoning_effort: body.reasoning_effort ? EFFORTS[body.reasoning_effort] : undefined,
  });
  const {request} = readChatRequest(prepared, {dialect: 'lenient', sampling: defaults});
  checkChoice(request.tools, request.toolChoice);
  if (!body.safe_prompt) return request;
  return {...request, messages: [{role: 'system', content: SAFE_PROMPT}, ...request.messages]};
}

/** The messages alone, for the protocols whose other fields mean something else. @throws EngineError with the path. */
export function chatMessages(text: string): readonly Message[] {
  const messages = jsonAt(parseJson(text), 'messages') ?? null;
  return readChatRequest(new Map([['messages', messages]]), {dialect: 'lenient'}).request.messages;
}
