// A TokenModel that computes elsewhere: a server whose completion route takes token ids and tells those it generates.

import {EngineError} from '../../base/errors.ts';
import {count, flag, list, number, object, optional, places, record, text} from '../../base/shape.ts';
import {streamWithin} from '../../base/signals.ts';
import type {GenerateOptions, TokenEvent, TokenGuide, TokenLogprob, TokenModel} from '../contract/backend.ts';
import {onlyText, type Prompt, type Token} from '../contract/prompt.ts';
import type {SamplingParams} from '../contract/sampling.ts';
import {AnswerStream} from './answer-stream.ts';
import {readChunks} from './read-events.ts';
import type {RemoteServer} from './remote-server.ts';
import {samplingFields} from './write-request.ts';

/** `llama`: /completion of llama-server and ours. `openai`: /v1/completions of vLLM and SGLang, with their extension. */
export type TokenRoute = 'llama' | 'openai';

const alternative = object({id: count, logprob: number});
const probability = object({id: count, logprob: number, top_logprobs: list(alternative)});

/** With `return_tokens_as_token_ids` a token is written `token_id:17`. */
const openAiLogprobs = object({
  tokens: list(text),
  token_logprobs: places(number),
  top_logprobs: places(record(number)),
});

/** What both routes tell of a step, each in its own fields. */
const chunkShape = object({
  content: text,
  tokens: list(count),
  completion_probabilities: list(probability),
  stop: flag,
  stop_type: optional(text),
  choices: list(object({text, token_ids: list(count), logprobs: openAiLogprobs, finish_reason: optional(text)})),
});
type Chunk = ReturnType<typeof chunkShape>;
type Probability = ReturnType<typeof probability>;
type OpenAiLogprobs = ReturnType<typeof openAiLogprobs>;

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
  async *generate(prompt: Prompt, options: GenerateOptions, signal: AbortSignal): AsyncGenerator<TokenEvent> {
    const tokens = onlyText(prompt);
    const {sampling, guide} = options;
    yield {type: 'prompt', cached: 0};
    try {
      yield* guide
        ? this.#guided(tokens, sampling, guide, signal)
        : streamWithin({of: [signal]}, (own) => this.#tokens(tokens, sampling, own));
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
  }

  async close(): Promise<void> {}

  /**
   * The server goes on by itself until an id comes that the guide does not want, or another one is due: then it is asked
   * anew, from what there is so far, which it has in its cache. Ids it said beyond that place are dropped.
   */
  async *#guided(
    prompt: readonly Token[],
    sampling: SamplingParams,
    guide: TokenGuide,
    signal: AbortSignal,
  ): AsyncGenerator<TokenEvent> {
    const {maxTokens} = sampling;
    const said: Token[] = [];
    const unwanted = new Set<Token>();
    const take = (token: Token) => {
      guide.take(token);
      said.push(token);
    };
    const isFull = () => said.length >= (maxTokens ?? Number.POSITIVE_INFINITY);
    while (!signal.aborted && !isFull()) {
      const {forced} = guide.next();
      if (forced !== undefined) {
        take(forced);
        yield {type: 'token', token: forced, forced: true};
        continue;
      }
      const params = biased(sampling, guide.next().banned, unwanted, maxTokens && maxTokens - said.length);
      let isInterrupted = false;
      for await (const event of streamWithin({of: [signal]}, (own) =>
        this.#tokens([...prompt, ...said], params, own),
      )) {
        const {forced: due, banned} = guide.next();
        isInterrupted = due !== undefined || banned.includes(event.token);
        if (isInterrupted) {
          if (due === undefined) unwanted.add(event.token);
          break;
        }
        take(event.token);
        yield event;
      }
      if (!isInterrupted && guide.next().forced === undefined) return;
    }
  }

  async *#tokens(
    prompt: readonly Token[],
    sampling: SamplingParams,
    signal: AbortSignal,
  ): AsyncGenerator<Extract<TokenEvent, {readonly type: 'token'}>> {
    const {server, route, eos} = this.#options;
    if (signal.aborted) return;
    const [url, body] =
      route === 'llama' ? this.#llamaRequest(prompt, sampling) : this.#openAiRequest(prompt, sampling);
    const reply = await server.post(url, JSON.stringify(body), signal);
    let last: Token | undefined;
    const stream = new AnswerStream(reply, server);
    for await (const data of stream.data()) {
      for (const chunk of readChunks(data, chunkShape)) {
        for (const event of tokensOf(chunk)) {
          last = event.token;
          yield event;
        }
        // Most servers keep the token that ended the answer to themselves.
        if (endedByModel(chunk) && last !== eos) yield {type: 'token', token: eos};
      }
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

/** Servers take so many biases; of more, those that came nevertheless are sent. */
const MOST_BIASES = 64;

/** The sampling of one more request: without what is banned now, as far as it has to be said. */
function biased(
  sampling: SamplingParams,
  banned: readonly Token[],
  unwanted: ReadonlySet<Token>,
  maxTokens: number | undefined,
): SamplingParams {
  const said = banned.length <= MOST_BIASES ? banned : banned.filter((token) => unwanted.has(token));
  const bans = said.map((token) => [token, -100] as const);
  return {
    ...sampling,
    ...(bans.length > 0 && {logitBias: new Map([...(sampling.logitBias ?? []), ...bans])}),
    ...(maxTokens !== undefined && {maxTokens}),
  };
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
    throw textsAlone();
  }
  return ids.map((token, at) => {
    const logprob = probabilities[at];
    return {type: 'token', token, ...(logprob?.token === token && {logprob})};
  });
}

function fromLlama({id, logprob, top_logprobs = []}: Probability): TokenLogprob {
  return {
    token: known(id),
    logprob: known(logprob),
    top: top_logprobs.map((other) => ({token: known(other.id), logprob: known(other.logprob)})),
  };
}

function fromOpenAi(logprobs: OpenAiLogprobs | undefined): TokenLogprob[] {
  const {tokens = [], token_logprobs = [], top_logprobs = []} = logprobs ?? {};
  return tokens.map((name, at) => ({
    token: idOf(name),
    logprob: token_logprobs[at] ?? Number.NEGATIVE_INFINITY,
    top: [...(top_logprobs[at] ?? [])].map(([other, logprob]) => ({token: idOf(other), logprob})),
  }));
}

/** @throws EngineError `unsupported` for a name that holds no id: so the probabilities of texts come. */
function idOf(name: string): Token {
  const digits = /^(?:token_id:)?(\d{1,9})$/.exec(name)?.[1];
  if (digits === undefined) throw textsAlone();
  return Number(digits);
}

function known(value: number | undefined): number {
  if (value !== undefined) return value;
  throw new EngineError('backend_failed', 'the remote server told a probability without its number');
}

const textsAlone = () => new EngineError('unsupported', 'the remote server tells texts, not token ids');
