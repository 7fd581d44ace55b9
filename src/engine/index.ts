// The public face of the engine: what a library user and the floors above may import.
export type {
  Backend,
  FinishReason,
  GenerationEvent,
  ModelInfo,
  ParsedToolCall,
  Timings,
  TokenLogprob,
  TokenModel,
  Usage,
} from './backend.ts';
export {measureSpeed, median, type SpeedOptions, type SpeedReport} from './bench.ts';
export {
  Conversation,
  type ConversationEvent,
  type ConversationOptions,
  type ToolRunner,
} from './conversation.ts';
export type {ErrorCode} from './errors.ts';
export {EngineError} from './errors.ts';
export type {LogListener} from './llama/library.ts';
export type {LoraAdapter} from './llama/open.ts';
export {type LocalOptions, type OpenedLocalBackend, openLocalBackend} from './open-local.ts';
export {type SamplingParams, validateSampling} from './sampling.ts';
export type {Tokenizer} from './tokenizer/tokenizer.ts';
export type * from './types.ts';
