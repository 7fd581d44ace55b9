// An open model below the TokenModel: what it is, and what runs its answers.
import type {GenerateOptions, StateLoad, TokenEvent} from '../contract/backend.ts';
import type {KvType} from '../contract/local-engine.ts';
import type {Prompt, Token} from '../contract/prompt.ts';
import type {Pooling} from './c-api/c-embedder.ts';
import type {StateKey} from './kv-state.ts';

export interface OpenedModel {
  /** Tokens one slot holds; the library rounds up to whole blocks of its cache. */
  readonly contextSize: number;
  readonly slots: number;
  readonly trainedContextSize: number;
  /** Such as `CPU, 2 threads`. */
  readonly device: string;
  /** llama.cpp's release. */
  readonly release: string;
  readonly kvType: KvType;
  readonly flashAttention: boolean;
  isEnd(token: Token): boolean;
  /** A text by the library's own tokenizer, without control tokens. */
  encode?(text: string): readonly Token[];
  /** The prompt was checked. Leaving the loop early ends the answer, as the signal does, without an error. */
  answer(prompt: Prompt, options: GenerateOptions, signal: AbortSignal): AsyncIterable<TokenEvent>;
  /** Writes the state of the slot used last. False when there is nothing to save. */
  saveState(path: string, key: StateKey): Promise<boolean>;
  /** Puts a state that was checked to hold `tokens` into an idle slot. */
  loadState(path: string, tokens: readonly Token[]): Promise<StateLoad>;
  /** The pooled states of the tokens, in the model's own scale; absent where the library is not asked for them. */
  embed?(tokens: readonly Token[], pooling: Pooling): Promise<Float32Array>;
  close(): Promise<void>;
}
