// The two seams of the house: who answers (Backend) and who computes (TokenModel).

import type {PlacedMedium, Prompt, Token, Tokenized} from './prompt.ts';
import type {ChatCompletionRequest, CompletionRequest, Content, FIMRequest, ToolCall} from './requests.ts';
import type {RecommendedSampling, SamplingParams} from './sampling.ts';
import type {TemplateConfidence, TemplateName} from './templates.ts';
import type {Tokenizer} from './tokenizer.ts';

/** `context` = the context is full: the answer is cut, as with `length`, but max_tokens was not the reason. */
export type FinishReason = 'stop' | 'length' | 'context' | 'tool_calls' | 'aborted';

export interface Usage {
  readonly promptTokens: number;
  /** Prompt tokens that were in the KV cache already. */
  readonly cachedTokens: number;
  readonly completionTokens: number;
  /** Those of them that are a thought, without its marks; absent where there was none. */
  readonly reasoningTokens?: number;
}

export interface Timings {
  /** From the call to the first generated token, in milliseconds; undefined when none came. */
  readonly firstTokenMs: number | undefined;
  readonly promptMs: number;
  /** From the first generated token to the last one, in milliseconds. */
  readonly generationMs: number;
  readonly promptTokensPerSecond: number | undefined;
  readonly tokensPerSecond: number | undefined;
}

export interface TokenLogprob {
  readonly token: Token;
  /** What it adds to the answer: nothing while a character is unfinished. Those of an answer are its text. Absent where nobody decodes. */
  readonly text?: string;
  /** Natural logarithm, of the raw distribution before temperature and truncation unless `afterSampling` asks for the other. */
  readonly logprob: number;
  readonly top: readonly {readonly token: Token; readonly logprob: number}[];
}

/** A call that came out damaged is delivered with the reason, so that the tool loop can answer it. */
export interface ParsedToolCall extends ToolCall {
  readonly problem?: string;
}

/** `tokens` of an event: those generated since the event before, where the request asks for them (`returnTokens`). */
export type GenerationEvent =
  /**
   * Once, before anything else: the exact ids of the prompt, the media at their holes when there are any, and how many
   * places the cache held.
   */
  | {
      readonly type: 'prompt';
      readonly tokens: readonly Token[];
      readonly media?: readonly PlacedMedium[];
      readonly cached: number;
    }
  /** While a long prompt is evaluated: tokens done of those that had to be evaluated. */
  | {readonly type: 'prefill'; readonly done: number; readonly total: number}
  | {
      readonly type: 'text';
      readonly text: string;
      readonly logprobs?: readonly TokenLogprob[];
      readonly tokens?: readonly Token[];
    }
  | {readonly type: 'reasoning'; readonly text: string; readonly tokens?: readonly Token[]}
  | {readonly type: 'tool_call'; readonly call: ParsedToolCall; readonly tokens?: readonly Token[]}
  /** Exactly one, always last. `stop` names the stop string that ended the answer. */
  | {
      readonly type: 'finish';
      readonly reason: FinishReason;
      readonly stop?: string;
      readonly tokens?: readonly Token[];
      readonly usage: Usage;
      readonly timings: Timings;
      readonly seed: number | undefined;
      /** What the whole answer is, where its events told otherwise: a thought whose beginning the model left out. */
      readonly whole?: WholeAnswer;
      /** The thought was ended because it had used up its budget. */
      readonly thinkingCut?: true;
      /** What a person should know of how the request was understood, a sentence each. */
      readonly notes?: readonly string[];
    };

/** Reasoning and text of an answer. */
export interface WholeAnswer {
  readonly reasoning: string;
  readonly content: string;
}

export interface Efforts {
  readonly levels: readonly string[];
  /** What a request has that names none. */
  readonly default?: string;
}

/** A system prompt that a model's maker recommends. */
export interface DefaultSystem {
  /** Where it is from, such as `SYSTEM_PROMPT.txt` or `its chat template`. */
  readonly origin: string;
  /** The model only thinks under it. */
  readonly thinks: boolean;
  /** What a system message has to say on this day. */
  at(now: Date): Content;
}

/** A recommended system prompt of which only the place is known. */
export interface PublishedSystem {
  /** Repository of the hub. */
  readonly repository: string;
  /** The model only thinks under it. */
  readonly thinks: boolean;
  readonly isUnverified: boolean;
}

export interface ModelInfo {
  /** Short name to show and to send over the wire. */
  readonly id: string;
  readonly path: string | undefined;
  readonly contextSize: number | undefined;
  readonly trainedContextSize: number | undefined;
  readonly template: TemplateName | undefined;
  /** Why this template, in words. */
  readonly templateReason: string | undefined;
  /** How sure that is; undefined where a server renders the prompts, or nobody can say. */
  readonly templateConfidence?: TemplateConfidence | undefined;
  /** The chat template of the model's file, as it is there. */
  readonly chatTemplate?: string | undefined;
  readonly supportsFim: boolean;
  readonly supportsTools: boolean;
  /** The levels of reasoning that can be asked for; empty: it has none. Absent where nobody here knows them. */
  readonly efforts?: Efforts;
  /** What is recommended for it; absent where nothing is known. */
  readonly sampling?: RecommendedSampling;
  /** Offered, never sent unasked; absent where nobody here knows one. */
  readonly defaultSystem?: DefaultSystem;
  /** Where one is published that is not here, such as a repository of the hub. */
  readonly systemPublished?: PublishedSystem;
  /** Where it runs, such as `CPU, 2 threads` or `CUDA, 33/33 layers`. */
  readonly device: string;
}

/** The KV cache on disk, so that a later process need not evaluate the same prompt again. */
/** Whether a saved cache is in use now; if not, because there is none, it is of another model or setting, or damaged. */
export type StateLoad = 'loaded' | 'none' | 'other' | 'damaged';

export interface KvState {
  /** Writes the cache of the slot used last to `path` (and `path.json`). False when there is nothing to save. */
  save(path: string): Promise<boolean>;
  /** Puts a saved cache into an idle slot. */
  load(path: string): Promise<StateLoad>;
}

/** A text as a direction: texts of like meaning have like ones. */
export interface Embedding {
  /** Of length 1. */
  readonly vector: Float32Array;
  /** How the states of its tokens became one: their mean, or the first or last one, as the model's file says. */
  readonly pooling: 'mean' | 'first' | 'last';
  /** Tokens of the text, with the one that begins it. */
  readonly tokens: number;
}

/** Who answers: a local model or a remote cluster. Failures are thrown as EngineError; abort is a normal finish. */
export interface Backend {
  readonly model: ModelInfo;
  chat(request: ChatCompletionRequest, signal: AbortSignal): AsyncIterable<GenerationEvent>;
  complete(request: CompletionRequest, signal: AbortSignal): AsyncIterable<GenerationEvent>;
  fim(request: FIMRequest, signal: AbortSignal): AsyncIterable<GenerationEvent>;
  /** The vocabulary, where it is known: always for a local model, seldom for a cluster. */
  readonly tokenizer?: Tokenizer;
  /**
   * The exact prompt of a request without running the model; throws what `chat` would. Goes with `tokenizer`. `check` is called
   * after each pause of a long one: throws when nobody waits for it any more.
   */
  render?(request: ChatCompletionRequest, check?: () => void): Tokenized | Promise<Tokenized>;
  /**
   * Absent where nobody can look into the model.
   * @throws EngineError `invalid_request` for an empty text, `context_length_exceeded` for one beyond the context; what `signal` was
   * aborted with.
   */
  embed?(input: string | readonly Token[], signal: AbortSignal): Promise<Embedding>;
  /** Only where the KV cache is this process's own and its engine can save it. */
  readonly state?: KvState;
  close(): Promise<void>;
}

/** A grammar in GBNF; control tokens are written `<[id]>`. `after` = it starts once this token has been sampled. */
export interface Grammar {
  readonly gbnf: string;
  readonly after?: Token;
}

/**
 * Decides from id to id what may come next, such as the end of a thought that has used up its budget. A TokenModel asks
 * it before each id and tells it each id.
 */
export interface TokenGuide {
  /** What may come next; asking changes nothing. */
  next(): NextToken;
  take(token: Token): void;
}

export interface NextToken {
  /** This id comes, whatever the model would say: nothing is sampled. */
  readonly forced?: Token;
  /** Ids that must not come; the same array as before means that they have not changed. */
  readonly banned: readonly Token[];
  /** The same object as before goes on where it is; another one begins here. */
  readonly grammar?: Grammar | undefined;
  /**
   * For how many ids this is so, the next one counted, unless one of `unless` comes. An engine that draws in another thread
   * need not ask in between. Absent: for the next one.
   */
  readonly holds?: {readonly tokens: number; readonly unless: readonly Token[]};
}

export interface GenerateOptions {
  readonly sampling: SamplingParams;
  /** Without effect beside a guide, which brings its own. */
  readonly grammar?: Grammar;
  readonly guide?: TokenGuide;
  /** Whose kept prefixes may be used; absent is an owner too. */
  readonly cacheOwner?: string;
  /** Somebody named a seed and expects the same answer again: nothing of it may follow how busy the machine is. */
  readonly repeatable?: boolean;
}

export type TokenEvent =
  | {readonly type: 'prompt'; readonly cached: number}
  | {readonly type: 'prefill'; readonly done: number; readonly total: number}
  /** The end-of-generation token is delivered too, so that a reader sees why it ended. `forced`: by the guide. */
  | {readonly type: 'token'; readonly token: Token; readonly logprob?: TokenLogprob; readonly forced?: true};

/** Who computes: a local engine, or a scripted one in tests. It knows no text: ids, and media. */
export interface TokenModel {
  /** Tokens one sequence can hold. */
  readonly contextSize: number;
  /** How many calls of `generate` run at the same time; further ones wait their turn. */
  readonly slots: number;
  isEndOfGeneration(token: Token): boolean;
  /**
   * Evaluates the prompt, reusing the longest common prefix a slot has in its KV cache, and samples until the
   * end-of-generation token, `sampling.maxTokens` or a full context. Abort ends the stream without an error.
   * @throws EngineError `unsupported` for a prompt with a medium it cannot see.
   */
  generate(prompt: Prompt, options: GenerateOptions, signal: AbortSignal): AsyncIterable<TokenEvent>;
  /** The pooled states of the tokens, in the model's own scale; absent where it cannot tell them. */
  embed?(tokens: readonly Token[], signal: AbortSignal): Promise<Pick<Embedding, 'vector' | 'pooling'>>;
  close(): Promise<void>;
}
