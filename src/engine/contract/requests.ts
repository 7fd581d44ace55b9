// Messages, tools and requests: mistral-common's names, camelCase inside the house (wire spellings live in wire.ts).

import type {Json, JsonObject} from '../../base/json.ts';
import type {Token} from './prompt.ts';
import type {SamplingParams} from './sampling.ts';
import type {TemplateVersion} from './templates.ts';

export type {TemplateVersion, Token};

export interface TextChunk {
  readonly type: 'text';
  readonly text: string;
}
export interface ThinkChunk {
  readonly type: 'thinking';
  readonly thinking: string;
  /** false: the thought is open and the model goes on with it. */
  readonly closed: boolean;
}
/** Images and audio are recognised so that they can be refused by name; the engine is text only. */
export interface MediaChunk {
  readonly type: 'image' | 'image_url' | 'input_audio' | 'audio_url';
}
export type ContentChunk = TextChunk | ThinkChunk | MediaChunk;
export type Content = string | readonly ContentChunk[];

export interface SystemMessage {
  readonly role: 'system';
  readonly content: Content;
}
export interface UserMessage {
  readonly role: 'user';
  readonly content: Content;
}
export interface ToolCall {
  /** What a template takes as one differs; "null" means not set. */
  readonly id: string;
  readonly name: string;
  /** Exactly as the model or the caller wrote it. */
  readonly arguments: string;
}
export interface AssistantMessage {
  readonly role: 'assistant';
  readonly content?: Content;
  readonly toolCalls?: readonly ToolCall[];
  /** The model goes on from here: only on the last message. */
  readonly prefix?: boolean;
}
export interface ToolMessage {
  readonly role: 'tool';
  readonly content: Content;
  readonly toolCallId?: string;
  readonly name?: string;
}
export type Message = SystemMessage | UserMessage | AssistantMessage | ToolMessage;

export interface Tool {
  readonly name: string;
  readonly description: string;
  /** A draft-7 JSON schema. */
  readonly parameters: Json;
  /** The arguments fit the schema whatever it asks for, or the request is refused. */
  readonly strict?: true;
}

/** `any` = at least one call of any tool (OpenAI's `required`); `{name}` = exactly that tool. */
export type ToolChoice = 'auto' | 'none' | 'any' | {readonly name: string};

/** What an answer must look like: enforced by a grammar while sampling. */
export type ResponseFormat =
  | {readonly type: 'text'}
  | {readonly type: 'json_object'}
  /** `strict`: the answer fits the schema whatever it asks for, or the request is refused. */
  | {readonly type: 'json_schema'; readonly schema: Json; readonly strict?: true}
  /** A grammar of the client's own, in GBNF, whose rule `root` is the answer. */
  | {readonly type: 'grammar'; readonly gbnf: string};

/** What every request may say about how it is computed. */
export interface ComputedRequest {
  /** A kept prefix of another owner is neither used nor told of: the time it saves would tell what others have sent. */
  readonly cacheOwner?: string;
}

export interface ChatCompletionRequest extends ComputedRequest {
  readonly messages: readonly Message[];
  readonly tools?: readonly Tool[];
  readonly toolChoice?: ToolChoice;
  readonly responseFormat?: ResponseFormat;
  /** One of those the tokenizer file names (v15); refused elsewhere. */
  readonly reasoningEffort?: string;
  /** An effort the model does not have stands for the nearest it has; else it is refused. */
  readonly nearestEffort?: boolean;
  /** Other settings of the tokenizer file (v15), by name. */
  readonly modelSettings?: JsonObject;
  /** Drop the oldest messages when the prompt is longer than the maximum the encoder is given (v7 on). */
  readonly truncateForContextLength?: boolean;
  readonly sampling: SamplingParams;
}

/** Plain continuation of a text (BOS + text), as a base model does. */
export interface CompletionRequest extends ComputedRequest {
  readonly prompt: string | readonly Token[];
  /** Names of control tokens in a text are these tokens. A server that continues the text decides that itself. */
  readonly parseSpecial?: boolean;
  readonly responseFormat?: ResponseFormat;
  readonly sampling: SamplingParams;
}

export interface FIMRequest extends ComputedRequest {
  readonly prompt: string;
  readonly suffix?: string;
  readonly responseFormat?: ResponseFormat;
  readonly sampling: SamplingParams;
}

/** The words of a content, without its thoughts and media. */
export function contentText(content: Content | undefined): string {
  if (content === undefined || typeof content === 'string') return content ?? '';
  return content.map((chunk) => (chunk.type === 'text' ? chunk.text : '')).join('');
}
