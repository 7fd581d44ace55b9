// A cluster that is sent the exact prompt: rendered here, computed there, parsed here. The local backend over a remote
// TokenModel; what needs a grammar goes to the cluster's own chat route.

import {EngineError} from '../../base/errors.ts';
import {inTurns} from '../../base/in-turns.ts';
import type {Backend, GenerationEvent, ModelInfo} from '../contract/backend.ts';
import {type Tokenized, textPrompt} from '../contract/prompt.ts';
import type {ChatCompletionRequest, CompletionRequest, FIMRequest} from '../contract/requests.ts';
import {isVersion} from '../contract/templates.ts';
import {LocalBackend} from '../local/local-backend.ts';
import {defaultSystemOf} from '../template/default-system.ts';
import {requestGrammar, textGrammar} from '../template/encode/answer-grammar.ts';
import type {LoadedTokenizer} from '../template/load-tokenizer.ts';
import {connect, type RemoteBackend, type RemoteOptions} from './remote-backend.ts';
import type {RemoteServer} from './remote-server.ts';
import {RemoteTokenModel, type TokenRoute} from './remote-token-model.ts';

/** For a server that does not say how much its context holds: nothing is refused here, it will be there. */
const UNKNOWN_CONTEXT = 2 ** 31;

/** Statuses of a server without a route, or with one that does not take token ids. */
const ABSENT: ReadonlySet<number> = new Set([400, 404, 405, 422, 501]);

/**
 * As `openRemote`, with the prompts rendered by `tokenizer`.
 * @throws EngineError as `openRemote`, and `unsupported` when no route of the server takes and tells token ids.
 */
export async function openExactRemote(options: RemoteOptions, loaded: LoadedTokenizer): Promise<Backend> {
  const {server, remote, now} = await connect(options);
  const route = await tokenRoute(server, remote.model, loaded, options.signal ?? new AbortController().signal);
  if (!route) {
    throw new EngineError('unsupported', `${server.url} has no completion route that takes and tells token ids`, {
      hint: 'Leave --tokenizer out: the server then renders the prompts.',
    });
  }
  const {id, contextSize = UNKNOWN_CONTEXT, device, sampling} = remote.model;
  const defaultSystem = defaultSystemOf(loaded);
  const {tokenizer, template, chatTemplate, fileTokens, modelSettings, chosenSettings} = loaded;
  const tokenModel = new RemoteTokenModel({server, route, model: id, contextSize, eos: tokenizer.eos});
  const parts = {
    tokenModel,
    tokenizer,
    template,
    chatTemplate,
    fileTokens,
    modelSettings,
    chosenSettings,
    id,
    device,
    now,
    sampling,
    defaultSystem,
  };
  const local = new LocalBackend({...parts, path: undefined, trainedContextSize: remote.model.trainedContextSize});
  return new ExactBackend(local, remote);
}

/** Asks each route for a few tokens: the first that names their ids is the one. */
async function tokenRoute(
  server: RemoteServer,
  {id, contextSize = UNKNOWN_CONTEXT}: ModelInfo,
  {tokenizer: {bos, eos}}: LoadedTokenizer,
  signal: AbortSignal,
): Promise<TokenRoute | undefined> {
  for (const route of ['llama', 'openai'] as const) {
    const model = new RemoteTokenModel({server, route, model: id, contextSize, eos});
    try {
      // A model that ends at once would tell nothing, nor do some of a token that is no text.
      const sampling = {temperature: 0, maxTokens: 8, logitBias: new Map([[eos, -100]])};
      for await (const event of model.generate(textPrompt([bos]), {sampling}, signal)) {
        if (event.type === 'token' && event.token !== eos) return route;
      }
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof EngineError)) throw error;
      if (error.code !== 'unsupported' && !ABSENT.has(error.remote?.status ?? 0)) throw error;
    }
  }
  return undefined;
}

class ExactBackend implements Backend {
  readonly model: ModelInfo;
  readonly tokenizer: LocalBackend['tokenizer'];
  readonly #local: LocalBackend;
  readonly #remote: RemoteBackend;

  constructor(local: LocalBackend, remote: RemoteBackend) {
    this.#local = local;
    this.#remote = remote;
    this.tokenizer = local.tokenizer;
    this.model = local.model;
  }

  render(request: ChatCompletionRequest, check?: () => void): Promise<Tokenized> {
    return this.#local.render(request, check);
  }

  /**
   * An answer that must have a form is held to it by a grammar, whose language each server has of its own. One that only
   * starts with a call the model chose to make (`after`) is left out: the call is read as it comes.
   */
  async *chat(request: ChatCompletionRequest, signal: AbortSignal): AsyncGenerator<GenerationEvent> {
    const {template} = this.model;
    const {grammar} = isVersion(template) ? await inTurns(requestGrammar(request, this.tokenizer, template)) : {};
    yield* (grammar && grammar.after === undefined ? this.#remote : this.#local).chat(request, signal);
  }

  /** A form is refused there. */
  async *complete(request: CompletionRequest, signal: AbortSignal): AsyncGenerator<GenerationEvent> {
    const grammar = await inTurns(textGrammar(request.responseFormat));
    yield* (grammar ? this.#remote : this.#local).complete(request, signal);
  }

  /** By our own prompt where the model has the tokens for it, else by the route the server has. */
  async *fim(request: FIMRequest, signal: AbortSignal): AsyncGenerator<GenerationEvent> {
    const grammar = await inTurns(textGrammar(request.responseFormat));
    const isOurs = this.model.supportsFim && !grammar;
    yield* (isOurs ? this.#local : this.#remote).fim(request, signal);
  }

  close(): Promise<void> {
    return this.#remote.close();
  }
}
