// A Backend that plays a script: what it was asked and how it was stopped can be read off afterwards.
import type {
  Backend,
  FinishReason,
  GenerationEvent,
  ModelInfo,
  ParsedToolCall,
  Timings,
  TokenLogprob,
} from '../../src/engine/contract/backend.ts';
import {type Token, type Tokenized, textPrompt} from '../../src/engine/contract/prompt.ts';
import type {ChatCompletionRequest, CompletionRequest, FIMRequest} from '../../src/engine/contract/requests.ts';
import type {Tokenizer} from '../../src/engine/contract/tokenizer.ts';
import {toyTokenizer} from './toy-tokenizer.ts';

/** A text is a text event; a function is waited for (it gets the signal) and may throw. */
export type Step =
  | string
  | GenerationEvent
  | {readonly finish: FinishReason; readonly stop?: string}
  | ((signal: AbortSignal) => unknown);

export type Call =
  | {readonly kind: 'chat'; readonly request: ChatCompletionRequest}
  | {readonly kind: 'complete'; readonly request: CompletionRequest}
  | {readonly kind: 'fim'; readonly request: FIMRequest};

export type Script = readonly Step[] | ((call: Call) => Iterable<Step>);

/** A whole answer: `text` comes one letter a token, behind the reasoning and before the calls. */
export interface ScriptedAnswer {
  readonly text?: string;
  readonly reasoning?: string;
  readonly calls?: readonly ParsedToolCall[];
  readonly reason?: FinishReason;
  /** Thrown instead of finishing. */
  readonly error?: Error;
}

/** A script of whole answers: `answer` gives the one to each request; a string stands for an answer in words alone. */
export function answering(answer: (request: Call['request'], index: number) => string | ScriptedAnswer): Script {
  let index = 0;
  return ({request}) => stepsOf(answer(request, index++));
}

function stepsOf(answer: string | ScriptedAnswer): Step[] {
  const {text = '', reasoning, calls = [], reason, error} = typeof answer === 'string' ? {text: answer} : answer;
  const fail = () => {
    throw error;
  };
  return [
    ...(reasoning === undefined ? [] : [{type: 'reasoning', text: reasoning} as const]),
    ...text,
    ...(error === undefined ? [] : [fail]),
    ...calls.map((call) => ({type: 'tool_call', call}) as const),
    {finish: reason ?? (calls.length > 0 ? 'tool_calls' : 'stop')},
  ];
}

export const SCRIPTED_MODEL: ModelInfo = {
  id: 'scripted',
  path: '/models/scripted.gguf',
  contextSize: 256,
  trainedContextSize: 1024,
  template: 'v3',
  templateReason: 'it is a fake',
  supportsFim: true,
  supportsTools: true,
  device: 'nowhere',
};

/** Every text step counts as one generated token; the prompt is the request's text in bytes behind BOS. */
export class ScriptedBackend implements Backend {
  readonly model: ModelInfo;
  readonly tokenizer: Tokenizer = toyTokenizer();
  readonly calls: Call[] = [];
  readonly requests: Call['request'][] = [];
  running = 0;
  finished: FinishReason[] = [];
  closed = false;
  script: Script;
  readonly #now: (() => number) | undefined;

  /** `now`, in milliseconds: the timings are measured by it; without it they are always the same. */
  constructor(script: Script = ['Hello', ' there'], model: Partial<ModelInfo> = {}, now?: () => number) {
    this.script = script;
    this.model = {...SCRIPTED_MODEL, ...model};
    this.#now = now;
  }

  chat(request: ChatCompletionRequest, signal: AbortSignal): AsyncIterable<GenerationEvent> {
    return this.#play({kind: 'chat', request}, this.render(request).tokens, signal);
  }

  complete(request: CompletionRequest, signal: AbortSignal): AsyncIterable<GenerationEvent> {
    const {prompt} = request;
    const ids = typeof prompt === 'string' ? [this.tokenizer.bos, ...this.tokenizer.encode(prompt)] : prompt;
    return this.#play({kind: 'complete', request}, ids, signal);
  }

  fim(request: FIMRequest, signal: AbortSignal): AsyncIterable<GenerationEvent> {
    const {encode} = this.tokenizer;
    const ids = [this.tokenizer.bos, 7, ...encode(request.suffix ?? ''), 6, ...encode(request.prompt)];
    return this.#play({kind: 'fim', request}, ids, signal);
  }

  render(request: ChatCompletionRequest): Tokenized {
    const text = request.messages.map(({content = ''}) => (typeof content === 'string' ? content : '')).join('\n');
    return {...textPrompt([this.tokenizer.bos, 3, ...this.tokenizer.encode(text), 4]), version: 'v3'};
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  async *#play(call: Call, tokens: readonly Token[], signal: AbortSignal): AsyncGenerator<GenerationEvent> {
    this.calls.push(call);
    this.requests.push(call.request);
    this.running++;
    let generated = 0;
    const {seed, maxTokens = Number.POSITIVE_INFINITY, topLogprobs, returnTokens} = call.request.sampling;
    let end: {finish: FinishReason; stop?: string} = {finish: 'stop'};
    const started = this.#now?.() ?? 0;
    let firstAt: number | undefined;
    try {
      yield {type: 'prompt', tokens, cached: 0};
      for (const step of typeof this.script === 'function' ? this.script(call) : this.script) {
        if (typeof step === 'function') await step(signal);
        if (signal.aborted || generated >= maxTokens) {
          end = {finish: signal.aborted ? 'aborted' : 'length'};
          break;
        }
        if (typeof step === 'string') {
          generated++;
          firstAt ??= this.#now?.();
          yield {
            type: 'text',
            text: step,
            ...(topLogprobs !== undefined && {logprobs: this.#logprobs(step, topLogprobs)}),
            ...(returnTokens && {tokens: this.tokenizer.encode(step)}),
          };
        } else if (typeof step === 'object' && 'type' in step) yield step;
        else if (typeof step === 'object') end = step;
      }
    } finally {
      this.running--;
      this.finished.push(end.finish);
    }
    const usage = {promptTokens: tokens.length, cachedTokens: 0, completionTokens: generated};
    const timings = this.#timings(tokens.length, generated, started, firstAt);
    const {finish: reason, ...stop} = end;
    yield {type: 'finish', reason, ...stop, usage, timings, seed};
  }

  #timings(prompted: number, generated: number, started: number, firstAt: number | undefined): Timings {
    if (this.#now === undefined) {
      return {
        firstTokenMs: 20,
        promptMs: 10,
        generationMs: 100,
        promptTokensPerSecond: prompted * 100,
        tokensPerSecond: generated * 10,
      };
    }
    const promptMs = (firstAt ?? this.#now()) - started;
    const generationMs = this.#now() - started - promptMs;
    return {
      firstTokenMs: promptMs,
      promptMs,
      generationMs,
      promptTokensPerSecond: undefined,
      tokensPerSecond: generated / (generationMs / 1000),
    };
  }

  #logprobs(text: string, top: number): TokenLogprob[] {
    return this.tokenizer.encode(text).map((token) => ({
      token,
      logprob: -0.25,
      top: Array.from({length: top}, (_, rank) => ({token: token + rank, logprob: -0.25 - rank})),
    }));
  }
}
