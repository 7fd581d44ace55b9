// The engine's requests as the bodies a cluster takes, in the dialect it understands.
import {EngineError} from '../../base/errors.ts';
import {dumpsJson, fromPlain, isJsonObject, type Json} from '../../base/json.ts';
import type {ChatCompletionRequest, CompletionRequest, FIMRequest, Message, Tool} from '../contract/requests.ts';
import type {SamplingParams} from '../contract/sampling.ts';
import {messageToWire, toolToWire} from '../wire/write-messages.ts';

/** Mistral's own API refuses fields it does not know; everyone else ignores them. */
export type Dialect = 'mistral' | 'openai';

/** What Mistral's API has no field for. */
const NOT_MISTRAL = ['topK', 'minP', 'repeatPenalty', 'repeatWindow', 'noRepeatNgramSize', 'logitBias'] as const;

/** What only those know who read the ids of the answer. */
const OF_TOKENS = ['topLogprobs', 'afterSampling', 'returnTokens', 'keepStop', 'limits'] as const;

/** @throws EngineError for a parameter the server would ignore or refuse. */
function sampling(params: SamplingParams, dialect: Dialect): Record<string, unknown> {
  const unread = OF_TOKENS.find((name) => params[name] !== undefined);
  if (unread) throw unsupported(unread === 'limits' ? (Object.keys(params.limits ?? {})[0] ?? unread) : unread);
  return samplingFields(params, dialect);
}

/** Without the log-probabilities. @throws EngineError as above. */
export function samplingFields(params: SamplingParams, dialect: Dialect): Record<string, unknown> {
  if (params.afterSampling) throw unsupported('post_sampling_probs');
  const lost = NOT_MISTRAL.find((name) => params[name] !== undefined);
  if (dialect === 'mistral' && lost) throw unsupported(lost);
  const {logitBias, seed} = params;
  return {
    temperature: params.temperature,
    top_p: params.topP,
    max_tokens: params.maxTokens,
    stop: params.stop?.length ? params.stop : undefined,
    [dialect === 'mistral' ? 'random_seed' : 'seed']: seed,
    frequency_penalty: params.frequencyPenalty,
    presence_penalty: params.presencePenalty,
    top_k: params.topK,
    min_p: params.minP,
    repetition_penalty: params.repeatPenalty,
    // vLLM and llama-server each read their own name.
    repeat_penalty: params.repeatPenalty,
    repeat_last_n: params.repeatWindow,
    no_repeat_ngram_size: params.noRepeatNgramSize,
    logit_bias: logitBias && Object.fromEntries([...logitBias].map(([token, bias]) => [String(token), bias])),
  };
}

function unsupported(param: string): EngineError {
  return new EngineError('unsupported', `the remote server does not take '${param}'`, {param});
}

/** Streaming, with the usage where OpenAI's servers put it only when asked. */
const streaming = (dialect: Dialect) =>
  dialect === 'mistral' ? {stream: true} : {stream: true, stream_options: {include_usage: true}};

/** JSON text; members that are undefined are left out. Schemas and numbers keep their exact form. */
function written(plain: Record<string, unknown>, exact: Readonly<Record<string, Json | undefined>> = {}): string {
  const members = fromPlain(plain) as ReadonlyMap<string, Json>;
  const given = Object.entries(exact).filter((entry): entry is [string, Json] => entry[1] !== undefined);
  return dumpsJson(new Map([...members, ...given]));
}

function responseFormat({responseFormat: format}: ChatCompletionRequest): Json | undefined {
  if (!format) return undefined;
  if (format.type === 'grammar') throw unsupported('grammar');
  if (format.type !== 'json_schema') return new Map([['type', format.type]]);
  const schema = new Map<string, Json>([
    ['name', 'answer'],
    ['strict', true],
    ['schema', format.schema],
  ]);
  return new Map<string, Json>([
    ['type', 'json_schema'],
    ['json_schema', schema],
  ]);
}

/** Each server has a field of its own for the form of a plain text, or none. @throws EngineError for a form. */
function refuseForm({responseFormat: format}: CompletionRequest | FIMRequest): void {
  if (format !== undefined && format.type !== 'text') throw unsupported('response_format');
}

/** `any` is Mistral's word; OpenAI's servers know `required`. */
function toolChoice({toolChoice: choice}: ChatCompletionRequest, dialect: Dialect): unknown {
  if (choice === 'any') return dialect === 'mistral' ? 'any' : 'required';
  return typeof choice === 'object' ? {type: 'function', function: {name: choice.name}} : choice;
}

/** Servers refuse an empty list of calls. */
function requestMessage(message: Message): object {
  const {tool_calls, ...rest} = messageToWire(message);
  return tool_calls?.length ? {...rest, tool_calls} : rest;
}

/** A prompt does not say that a tool is strict, a request does. */
function requestTool(tool: Tool): Json {
  const wire = toolToWire(tool);
  const definition = isJsonObject(wire) ? wire.get('function') : undefined;
  if (!tool.strict || !isJsonObject(wire) || !isJsonObject(definition)) return wire;
  return new Map([...wire, ['function', new Map([...definition, ['strict', true] as const])] as const]);
}

/** An answer that is to be gone on with stands last: Mistral marks the message, vLLM is told beside the messages. */
function messagesOf(request: ChatCompletionRequest, dialect: Dialect): Record<string, unknown> {
  const messages = request.messages.map(requestMessage);
  if (!continuesMessage(request)) return {messages};
  if (dialect === 'openai') return {messages, continue_final_message: true, add_generation_prompt: false};
  return {messages: [...messages.slice(0, -1), {...messages.at(-1), prefix: true}]};
}

/** Whether the answer goes on with the last message. */
export function continuesMessage({messages}: ChatCompletionRequest): boolean {
  const last = messages.at(-1);
  return last?.role === 'assistant' && last.prefix === true;
}

/** Each server reads its own name: ours, vLLM, llama-server. @throws EngineError where there is none. */
function thinkingFields({thinkingBudget: budget}: SamplingParams, dialect: Dialect): Record<string, unknown> {
  if (budget === undefined) return {};
  if (dialect === 'mistral') throw unsupported('thinkingBudget');
  return {thinking_budget: budget, thinking_token_budget: budget, thinking_budget_tokens: budget};
}

export function chatBody(request: ChatCompletionRequest, model: string, dialect: Dialect): string {
  const plain = {
    model,
    ...messagesOf(request, dialect),
    tool_choice: toolChoice(request, dialect),
    reasoning_effort: request.reasoningEffort,
    ...thinkingFields(request.sampling, dialect),
    ...sampling(request.sampling, dialect),
    ...streaming(dialect),
  };
  return written(plain, {tools: request.tools?.map(requestTool), response_format: responseFormat(request)});
}

export function completionBody(request: CompletionRequest, model: string, suffix?: string): string {
  refuseForm(request);
  const {prompt, sampling: params} = request;
  return written({model, prompt, suffix, ...sampling(params, 'openai'), ...streaming('openai')});
}

export function fimBody(request: FIMRequest, model: string, dialect: Dialect): string {
  refuseForm(request);
  const {prompt, suffix, sampling: params} = request;
  return written({model, prompt, suffix: suffix ?? '', ...sampling(params, dialect), stream: true});
}

/** llama-server's own fill-in-the-middle. */
export function infillBody(request: FIMRequest): string {
  refuseForm(request);
  const {prompt, suffix, sampling: params} = request;
  const {max_tokens, ...rest} = sampling(params, 'openai');
  return written({
    input_prefix: prompt,
    input_suffix: suffix ?? '',
    n_predict: max_tokens ?? -1,
    ...rest,
    stream: true,
  });
}
