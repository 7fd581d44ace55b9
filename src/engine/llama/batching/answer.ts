// One answer as the scheduler sees it: what is still to be fed, and where its events go.
import type {GenerateOptions, TokenEvent} from '../../contract/backend.ts';
import type {Prompt, Token} from '../../contract/prompt.ts';
import type {TokenSampler} from './token-sampler.ts';

export abstract class Answer {
  readonly prompt: Prompt;
  readonly options: GenerateOptions;
  /** Set while the answer owns a slot. */
  sampler: TokenSampler | undefined;
  /** Tokens that must be decoded before the next one can be sampled: the prompt's rest, later the last sampled token. */
  pending: readonly Token[] = [];
  /** Prompt tokens that were not in the cache. */
  toEvaluate = 0;
  sampled = 0;

  constructor(prompt: Prompt, options: GenerateOptions) {
    this.prompt = prompt;
    this.options = options;
  }

  /** Ended, failed or no longer wanted. */
  abstract get over(): boolean;

  /** False while the reader is too far behind. */
  abstract get ready(): boolean;

  abstract push(event: TokenEvent): void;

  /** Ends the answer after what was pushed. */
  abstract end(): void;

  abstract fail(failure: unknown): void;
}
