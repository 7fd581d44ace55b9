// A chat completion body as a call: what a server takes beyond the engine's own reader of requests.
import {EngineError} from '../../base/errors.ts';
import {isJsonObject, type Json} from '../../base/json.ts';
import type {ChatCompletionRequest, Tool, ToolChoice} from '../../engine/contract/requests.ts';
import type {SamplingParams} from '../../engine/contract/sampling.ts';
import {Fields} from '../../engine/wire/fields.ts';
import {readChatRequest} from '../../engine/wire/read-request.ts';
import type {UsagePlace} from '../reply/chat-reply.ts';
import {readUsagePlace} from './known-fields.ts';
import {readForm} from './read-form.ts';
import {readProbabilities, readTokenReply, type TokenReply} from './shared/token-reply.ts';

/** What a chat route is asked for. */
export interface ChatCall extends TokenReply {
  readonly request: ChatCompletionRequest;
  /** Answers. */
  readonly n: number;
  readonly stream: boolean;
  readonly usage: UsagePlace;
  /** Whether the log-probabilities of the tokens are returned. */
  readonly logprobs: boolean;
  /** Whether each chunk of a stream has the timings. */
  readonly timingsPerToken: boolean;
  /** Whether a stream tells how much of the prompt is read. */
  readonly progress: boolean;
  /** `field` = reasoning_content beside the content; `chunks` = Mistral's thinking parts inside it. */
  readonly reasoning: 'chunks' | 'field';
  /** False: the answer ends after its first tool call. */
  readonly parallelCalls: boolean;
}

/** What Mistral's `safe_prompt` asks for, in our words. */
const SAFE_PROMPT =
  'Be helpful, honest and respectful. Refuse what would cause harm, and keep every answer free of hate and prejudice.';

function refuse(param: string, message: string): never {
  throw new EngineError('invalid_request', `'${param}': ${message}`, {param});
}

/** @throws EngineError when a call is demanded that no tool can answer. */
export function checkChoice(tools: readonly Tool[] = [], choice: ToolChoice = 'auto'): void {
  if (choice === 'auto' || choice === 'none') return;
  if (tools.length === 0) refuse('tool_choice', 'it demands a call, but there are no tools');
  if (typeof choice === 'string' || tools.some(({name}) => name === choice.name)) return;
  refuse('tool_choice', `no tool is named '${choice.name}'`);
}

function readRequest(json: Json, fields: Fields, sampling: SamplingParams): ChatCompletionRequest {
  // Its own reader knows one spelling of the form.
  const plain = isJsonObject(json) ? new Map([...json].filter(([name]) => name !== 'response_format')) : json;
  const read = readChatRequest(plain, {dialect: 'lenient', sampling}).request;
  const responseFormat = readForm(fields);
  const request = {...read, ...(responseFormat && {responseFormat})};
  checkChoice(request.tools, request.toolChoice);
  if (!fields.boolean('safe_prompt')) return request;
  return {...request, messages: [{role: 'system', content: SAFE_PROMPT}, ...request.messages]};
}

/** The request with what the reply is to tell of tokens; a number of alternatives in OpenAI's field counts first. */
function withTokens(
  request: ChatCompletionRequest,
  {tokenIds}: TokenReply,
  probabilities: number | undefined,
): ChatCompletionRequest {
  const topLogprobs = request.sampling.topLogprobs ?? probabilities;
  const sampling = {
    ...request.sampling,
    ...(topLogprobs !== undefined && {topLogprobs}),
    ...(tokenIds && {returnTokens: true}),
  };
  return {...request, sampling};
}

/**
 * Key order and exact numbers of tool schemas and arguments reach the prompt. The shape has been checked by
 * `ChatRequestSchema`; what is refused here has no meaning.
 * @throws EngineError with the parameter's path.
 */
export function readChat(json: Json, defaults: SamplingParams): ChatCall {
  const fields = new Fields(json, '', {dialect: 'lenient', ignored: []});
  const probabilities = readProbabilities(fields);
  if (fields.boolean('continue_final_message') && fields.get('add_generation_prompt') === true) {
    refuse('add_generation_prompt', 'an answer cannot go on with the last message and begin behind it');
  }
  const logprobs = (fields.boolean('logprobs') ?? false) || probabilities !== undefined;
  const tokenReply = readTokenReply(fields);
  if (fields.integer('top_logprobs') && !logprobs) {
    throw new EngineError('invalid_request', "'top_logprobs' needs 'logprobs': true", {param: 'top_logprobs'});
  }
  return {
    request: withTokens(readRequest(json, fields, defaults), tokenReply, probabilities),
    n: fields.integer('n') ?? 1,
    stream: fields.boolean('stream') ?? false,
    usage: readUsagePlace(fields),
    logprobs,
    ...tokenReply,
    timingsPerToken: fields.boolean('timings_per_token') ?? false,
    progress: fields.boolean('return_progress') ?? false,
    reasoning: fields.string('prompt_mode') === 'reasoning' ? 'chunks' : 'field',
    parallelCalls: fields.boolean('parallel_tool_calls') ?? true,
  };
}
