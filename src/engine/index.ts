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
export type {ErrorCode} from './errors.ts';
export {EngineError} from './errors.ts';
export type {SamplingParams} from './sampling.ts';
export type {Tokenizer} from './tokenizer/tokenizer.ts';
export type * from './types.ts';
