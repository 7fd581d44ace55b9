// The public face of the engine: what a library user and the floors above may import.

export type {ErrorCode} from '../base/errors.ts';
export {EngineError} from '../base/errors.ts';
export {fromPlain, type Json, type JsonNumber, type JsonObject, parseJson} from '../base/json.ts';
export type {
  Backend,
  Embedding,
  FinishReason,
  GenerationEvent,
  KvState,
  ModelInfo,
  ParsedToolCall,
  StateLoad,
  Timings,
  TokenLogprob,
  TokenModel,
  Usage,
} from './contract/backend.ts';
export type {Device, KvType, LocalOptions, LogListener, LoraAdapter, StepWatch} from './contract/local-engine.ts';
export {
  commonPrefix,
  HOLE,
  type Medium,
  onlyText,
  type PlacedMedium,
  type Prompt,
  type PromptSegment,
  promptSegments,
  type Tokenized,
  textPrompt,
} from './contract/prompt.ts';
export type * from './contract/requests.ts';
export {type SamplingParams, validateSampling} from './contract/sampling.ts';
export type {Tokenizer} from './contract/tokenizer.ts';
export {
  Conversation,
  type ConversationEvent,
  type ConversationOptions,
  type ToolRunner,
} from './conversation/conversation.ts';
export type {LocalBackend} from './local/local-backend.ts';
export {type OpenLocalOptions, openLocalBackend} from './local/open-local.ts';
export {measureSpeed, median, type SpeedOptions, type SpeedReport} from './measure-speed.ts';
