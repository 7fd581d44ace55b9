// A TokenModel that computes elsewhere: a server whose completion route takes token ids and tells those it generates.

import {EngineError} from '../../base/errors.ts';
import {streamWithin} from '../../base/signals.ts';
import type {GenerateOptions, TokenEvent, TokenLogprob, TokenModel} from '../contract/backend.ts';
import {onlyText, type Prompt, type Token} from '../contract/prompt.ts';
import type {SamplingParams} from '../contract/sampling.ts';
import {answerChunks, type RemoteServer} from './remote-server.ts';
import {samplingFields} from './write-request.ts';

/** `llama`: /completion of llama-server and ours. `openai`: /v1/completions of vLLM and SGLang, with their extension. */
export type TokenRoute = 'llama' | 'openai';

interface Probability {
  readonly id: Token;
  readonly logprob: number;
  readonly top_logprobs?: readonly Probability[];
}

/** What both routes tell of a step, each in its own fields. */
interface Chunk {
  readonly content?: string;
  readonly tokens?: readonly Token[];
  readonly completion_probabilities?: readonly Probability[];
  readonly stop?: boolean;
  readonly stop_type?: string;
  readonly timings?: {readonly cache_n?: number};
  readonly choices?: readonly {
    readonly text?: string;
    readonly token_ids?: readonly Token[] | null;
    readonly logprobs?: OpenAiLogprobs | null;
    readonly finish_reason?: string | null;
  }[];
  readonly error?: {readonly message?: string};
}

/** With `return_tokens_as_token_ids` a token is written `token_id:17`. */
interface OpenAiLogprobs {
  readonly tokens?: readonly string[];
  readonly token_logprobs?: readonly (number | null)[];
  readonly top_logprobs?: readonly (Readonly<Record<string, number>> | null)[];
}

export interface RemoteTokenOptions {
  readonly server: RemoteServer;
  readonly route: TokenRoute;
  readonly model: string;
  readonly contextSize: number;
  readonly eos: Token;
}

export class RemoteTokenModel implements TokenModel {
  /** The queue is over there. */
  readonly slots = Number.MAX_SAFE_INTEGER;
  readonly contextSize: number;
  readonly #options: RemoteTokenOptions;

  constructor(options: RemoteTokenOptions) {
    this.#options = options;
    this.contextSize = options.contextSize;
  }

  isEndOfGeneration(token: Token): boolean {
    return token === this.#options.eos;
  }

  /** @throws EngineError what the server refuses, `unsupported` when it returns texts in place of ids, or for media. */
  async *generate(prompt: Prompt, {sampling}: GenerateOptions, signal: AbortSignal): AsyncGenerator<TokenEvent> {
    const tokens = onlyText(prompt);
    yield {type: 'prompt', cached: 0};
    try {
      yield* streamWithin({of: [signal]}, (own) => this.#tokens(tokens, sampling, own));
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof EngineError) throw error;
      throw new EngineError('backend_failed', 'the connection broke off in the middle of the answer', {cause: error});
    }
  }

  async close(): Promise<void> {}

  async *#tokens(prompt: readonly Token[], sampling: SamplingParams, signal: AbortSignal): AsyncGenerator<TokenEvent> {
    const {server, route, eos} = this.#options;
    if (signal.aborted) return;
    const [url, body] =
      route === 'llama' ? this.#llamaRequest(prompt, sampling) : this.#openAiRequest(prompt, sampling);
    const reply = await server.post(url, JSON.stringify(body), signal);
    let last: Token | undefined;
    for await (const data of answerChunks(reply)) {
      const chunk = JSON.parse(data) as Chunk;
      if (chunk.error)
        throw new EngineError('backend_failed', `the remote server failed: ${chunk.error.message ?? data}`);
      for (const event of tokensOf(chunk)) {
        last = event.token;
        yield event;
      }
      // Most servers keep the token that ended the answer to themselves.
      if (endedByModel(chunk) && last !== eos) yield {type: 'token', token: eos};
    }
  }

  #llamaRequest(prompt: readonly Token[], sampling: SamplingParams): [url: string, body: object] {
    const {max_tokens, logit_bias, logprobs, ...rest} = samplingFields({...sampling, stop: []}, 'openai');
    const {topLogprobs} = sampling;
    const body = {
      prompt,
      ...rest,
      n_predict: max_tokens ?? -1,
      logit_bias: [...(sampling.logitBias ?? [])],
      // Alternatives, of which the first is the token itself where none more are wanted.
      n_probs: topLogprobs === undefined ? undefined : Math.max(1, topLogprobs),
      return_tokens: true,
      stream: true,
    };
    return [new URL('/completion', this.#options.server.url).href, body];
  }

  #openAiRequest(prompt: readonly Token[], sampling: SamplingParams): [url: string, body: object] {
    const {server, model, contextSize} = this.#options;
    const fields = samplingFields({...sampling, stop: []}, 'openai');
    const body = {
      model,
      prompt,
      ...fields,
      // OpenAI's default is 16.
      max_tokens: sampling.maxTokens ?? Math.max(1, contextSize - prompt.length),
      logprobs: sampling.topLogprobs,
      add_special_tokens: false,
      skip_special_tokens: false,
      return_token_ids: true,
      return_tokens_as_token_ids: true,
      stream: true,
    };
    return [`${server.url}/completions`, body];
  }
}

function endedByModel({stop, stop_type, choices}: Chunk): boolean {
  if (stop !== undefined) return stop && stop_type === 'eos';
  return choices?.[0]?.finish_reason === 'stop';
}

/** The ids of one event. @throws EngineError `unsupported` when there is text alone. */
function tokensOf(chunk: Chunk): Extract<TokenEvent, {type: 'token'}>[] {
  const [choice] = chunk.choices ?? [];
  const probabilities = chunk.completion_probabilities?.map(fromLlama) ?? fromOpenAi(choice?.logprobs);
  const ids = chunk.tokens ?? choice?.token_ids ?? probabilities.map(({token}) => token);
  if (ids.length === 0 && (chunk.content || choice?.text)) {
    throw new EngineError('unsupported', 'the remote server tells texts, not token ids');
  }
  return ids.map((token, at) => {
    const logprob = probabilities[at];
    return {type: 'token', token, ...(logprob?.token === token && {logprob})};
  });
}

function fromLlama({id, logprob, top_logprobs = []}: Probability): TokenLogprob {
  return {token: id, logprob, top: top_logprobs.map((other) => ({token: other.id, logprob: other.logprob}))};
}

function fromOpenAi(logprobs: OpenAiLogprobs | null | undefined): TokenLogprob[] {
  const {tokens = [], token_logprobs = [], top_logprobs = []} = logprobs ?? {};
  return tokens.map((name, at) => ({
    token: idOf(name),
    logprob: token_logprobs[at] ?? Number.NEGATIVE_INFINITY,
    top: Object.entries(top_logprobs[at] ?? {}).map(([other, logprob]) => ({token: idOf(other), logprob})),
  }));
}

const idOf = (name: string) => Number(name.replace(/^token_id:/, ''));
