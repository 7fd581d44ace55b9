// The Backend that runs elsewhere: any server that speaks OpenAI's or Mistral's HTTP API.

import {EngineError} from '../../base/errors.ts';
import type {Reply} from '../../base/http/http-reply.ts';
import {count, list, number, object, optional, record, text} from '../../base/shape.ts';
import {streamWithin} from '../../base/signals.ts';
import type {Backend, GenerationEvent, ModelInfo} from '../contract/backend.ts';
import type {ChatCompletionRequest, CompletionRequest, FIMRequest} from '../contract/requests.ts';
import {type RecommendedSampling, validateSampling} from '../contract/sampling.ts';
import {isInRange, SAMPLING} from '../contract/sampling-table.ts';
import {AnswerStream} from './answer-stream.ts';
import {RemoteAnswer} from './read-events.ts';
import {isMistral, RemoteServer, type ServerOptions} from './remote-server.ts';
import {failureIn} from './server-words.ts';
import {chatBody, completionBody, continuesMessage, type Dialect, fimBody, infillBody} from './write-request.ts';

export interface RemoteOptions extends ServerOptions {
  /** Default: the first model the server lists. */
  readonly model?: string;
  /** For chats that name none. */
  readonly reasoningEffort?: string;
  readonly signal?: AbortSignal;
  /** Monotonic, in milliseconds; default: the process's own. */
  readonly now?: () => number;
}

/** The ways a server may offer fill-in-the-middle, best first. */
const FIM_ROUTES = ['mistral', 'llama', 'openai'] as const;
type FimRoute = (typeof FIM_ROUTES)[number];

/** Statuses of a route that is not there, or not for this model: llama-server answers 501 for a vocabulary it does not know. */
const ABSENT: ReadonlySet<number> = new Set([404, 405, 501]);

const contextLength = optional(count);

/** What a server says of a model. */
const cardShape = object({
  id: text,
  /** Mistral's, vLLM's and llama-server's names of one number. */
  max_context_length: contextLength,
  max_model_len: contextLength,
  meta: optional(object({n_ctx_train: contextLength})),
  /** Ours: what is recommended for the model. */
  model_sampling: optional(record(number)),
});
const cardsShape = object({data: optional(list(optional(cardShape)))});
export type ModelCard = ReturnType<typeof cardShape> & {readonly id: string};

/** What makes up for a server that cannot. */
const RENDER_HERE = "Give the model's tokenizer with --tokenizer: the prompt is then made here.";

/**
 * Asks the server for its models and gives a backend for one of them.
 * @throws EngineError `usage` for a URL that is none, `backend_unreachable`, `model_not_found`, or what the server says.
 */
export async function openRemote(options: RemoteOptions): Promise<Backend> {
  return (await connect(options)).remote;
}

/** The same with what it is made of. @throws as `openRemote`. */
export async function connect(options: RemoteOptions) {
  const {signal = new AbortController().signal} = options;
  const server = new RemoteServer(options);
  const {url} = server;
  const cards = await listedModels(server, options.model !== undefined, signal);
  const card =
    options.model === undefined ? cards[0] : (cards.find(({id}) => id === options.model) ?? {id: options.model});
  if (!card)
    throw new EngineError('model_not_found', `${url} offers no models`, {hint: 'Name one with --remote-model.'});
  return {server, ...backendFor(server, card, options)};
}

/** The same for a model the server is known to have: nothing is asked. @throws EngineError `usage` */
export function knownRemote(options: RemoteOptions, card: ModelCard): Backend {
  return backendFor(new RemoteServer(options), card, options).remote;
}

function backendFor(server: RemoteServer, card: ModelCard, options: RemoteOptions) {
  const {reasoningEffort, now = () => performance.now()} = options;
  const {host} = new URL(server.url);
  const contextSize = (card.max_context_length ?? card.max_model_len ?? card.meta?.n_ctx_train) || undefined;
  const sampling = recommendedBy(card);
  const model: ModelInfo = {
    id: card.id,
    path: undefined,
    contextSize,
    trainedContextSize: contextSize,
    template: undefined,
    templateReason: 'the remote server renders the prompt',
    supportsFim: true,
    supportsTools: true,
    ...(sampling && {sampling}),
    device: `remote, ${host}`,
  };
  const dialect: Dialect = isMistral(server.url) ? 'mistral' : 'openai';
  return {remote: new RemoteBackend(server, model, {dialect, now, reasoningEffort}), now};
}

/** What a `mistral serve` says is recommended for its model; figures that cannot be are passed over. */
function recommendedBy({model_sampling: figures}: ModelCard): RecommendedSampling | undefined {
  if (figures === undefined) return undefined;
  const taken = SAMPLING.flatMap((row) => {
    const value = figures.get(row.wire[0]);
    return value !== undefined && isInRange(row, value) ? [[row.key, {value, origin: 'the server'}] as const] : [];
  });
  return Object.fromEntries(taken);
}

/** Names of the models that a server lists. @throws EngineError as `openRemote` */
export async function remoteModels(options: RemoteOptions): Promise<string[]> {
  const {signal = new AbortController().signal} = options;
  const server = new RemoteServer(options);
  try {
    return (await listedModels(server, false, signal)).map(({id}) => id);
  } finally {
    await server.close();
  }
}

/** The models of a list; one that cannot be read is no hindrance where the model is named. @throws EngineError */
async function listedModels(
  server: RemoteServer,
  isNamed: boolean,
  signal: AbortSignal,
): Promise<readonly ModelCard[]> {
  const url = `${server.url}/models`;
  try {
    const json = await server.getJson(url, signal);
    const failure = failureIn(json);
    if (failure) throw new EngineError('backend_failed', `${server.host} lists no models: ${failure.message}`);
    return (optional(cardsShape)(json)?.data ?? []).filter((card): card is ModelCard => card?.id !== undefined);
  } catch (error) {
    const isUnread = error instanceof EngineError && error.code === 'backend_failed' && error.remote === undefined;
    if (isNamed && isUnread) return [];
    throw error;
  }
}

export class RemoteBackend implements Backend {
  readonly model: ModelInfo;
  readonly #server: RemoteServer;
  readonly #dialect: Dialect;
  readonly #now: () => number;
  readonly #effort: string | undefined;
  #fimRoute: FimRoute | undefined;

  constructor(
    server: RemoteServer,
    model: ModelInfo,
    how: {readonly dialect: Dialect; readonly now: () => number; readonly reasoningEffort: string | undefined},
  ) {
    this.#server = server;
    this.model = model;
    this.#dialect = how.dialect;
    this.#now = how.now;
    this.#effort = how.reasoningEffort;
  }

  chat(given: ChatCompletionRequest, signal: AbortSignal): AsyncGenerator<GenerationEvent> {
    const effort = given.reasoningEffort ?? this.#effort;
    const request = effort === undefined ? given : {...given, reasoningEffort: effort};
    const body = () => chatBody(request, this.model.id, this.#dialect);
    const open = async (own: AbortSignal) => this.#post('/chat/completions', body(), own);
    return this.#answer(request, open, signal, !continuesMessage(request));
  }

  complete(request: CompletionRequest, signal: AbortSignal): AsyncGenerator<GenerationEvent> {
    const body = () => completionBody(request, this.model.id);
    return this.#answer(request, async (own) => this.#post('/completions', body(), own), signal);
  }

  fim(request: FIMRequest, signal: AbortSignal): AsyncGenerator<GenerationEvent> {
    return this.#answer(request, (own) => this.#openFim(request, own), signal);
  }

  close(): Promise<void> {
    return this.#server.close();
  }

  #post(path: string, body: string, signal: AbortSignal): Promise<Reply> {
    return this.#server.post(`${this.#server.url}${path}`, body, signal);
  }

  /** The first route the server has is kept for the requests that follow. */
  async #openFim(request: FIMRequest, signal: AbortSignal): Promise<Reply> {
    for (const route of this.#fimRoute ? [this.#fimRoute] : FIM_ROUTES) {
      const reply = await this.#tryFim(route, request, signal);
      if (!reply) continue;
      this.#fimRoute = route;
      return reply;
    }
    throw new EngineError('unsupported', `${this.#server.url} offers no fill-in-the-middle`, {hint: RENDER_HERE});
  }

  async #tryFim(route: FimRoute, request: FIMRequest, signal: AbortSignal): Promise<Reply | undefined> {
    const {id} = this.model;
    try {
      if (route === 'mistral') return await this.#post('/fim/completions', fimBody(request, id, this.#dialect), signal);
      const {suffix, ...rest} = request;
      if (route === 'openai') return await this.#post('/completions', completionBody(rest, id, suffix ?? ''), signal);
      const url = new URL('/infill', this.#server.url).href;
      return await this.#server.post(url, infillBody(request), signal);
    } catch (error) {
      if (!(error instanceof EngineError) || error.remote === undefined) throw error;
      if (ABSENT.has(error.remote.status) && route !== 'openai') return undefined;
      if (refusesSuffix(error)) {
        throw new EngineError('unsupported', `no fill-in-the-middle: ${error.message}`, {
          hint: RENDER_HERE,
          cause: error,
          remote: error.remote,
        });
      }
      throw error;
    }
  }

  async *#answer(
    {sampling}: {readonly sampling: ChatCompletionRequest['sampling']},
    open: (signal: AbortSignal) => Promise<Reply>,
    signal: AbortSignal,
    startsMessage = false,
  ): AsyncGenerator<GenerationEvent> {
    validateSampling(sampling);
    const {seed, thinkingBudget} = sampling;
    const answer = new RemoteAnswer({seed, now: this.#now, startsMessage, thinkingBudget});
    // The ids are rendered over there and not told.
    yield {type: 'prompt', tokens: [], cached: 0};
    // A reader that stops early must not leave the server generating.
    yield* streamWithin({of: [signal]}, (own) => this.#read(answer, open, own));
    yield* answer.finish(signal.aborted);
  }

  async *#read(
    answer: RemoteAnswer,
    open: (signal: AbortSignal) => Promise<Reply>,
    signal: AbortSignal,
  ): AsyncGenerator<GenerationEvent> {
    let stream: AnswerStream;
    try {
      if (signal.aborted) return;
      stream = new AnswerStream(await open(signal), this.#server);
      for await (const data of stream.data()) {
        yield* answer.take(data);
        // What came in one piece with it is not told after an abort.
        if (signal.aborted) return;
      }
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
    if (!answer.isWhole && !signal.aborted) throw stream.cut;
  }
}

/** vLLM knows the field and has no way to fill it in for a Mistral model; only its own words tell so. */
function refusesSuffix({remote, param}: EngineError): boolean {
  if (remote === undefined || remote.status < 400 || remote.status >= 500) return false;
  return param === 'suffix' || /\bsuffix\b/.test(remote.message);
}
