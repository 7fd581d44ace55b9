// A backend whose chats have a system prompt where a request brings none: for a server that is started with one.
import type {Backend, GenerationEvent, KvState, ModelInfo} from '../contract/backend.ts';
import type {Tokenized} from '../contract/prompt.ts';
import type {ChatCompletionRequest, CompletionRequest, Content, FIMRequest} from '../contract/requests.ts';
import type {Tokenizer} from '../contract/tokenizer.ts';
import {withSystem} from './own-system.ts';

export class SystemBackend implements Backend {
  readonly model: ModelInfo;
  declare readonly tokenizer?: Tokenizer;
  declare readonly state?: KvState;
  declare readonly embed?: NonNullable<Backend['embed']>;
  declare readonly render?: (request: ChatCompletionRequest) => Tokenized | Promise<Tokenized>;
  readonly #backend: Backend;
  readonly #content: () => Content;

  /** `content` is asked for each request: the date may stand in it. */
  constructor(backend: Backend, content: () => Content) {
    this.#backend = backend;
    this.#content = content;
    this.model = backend.model;
    if (backend.tokenizer) this.tokenizer = backend.tokenizer;
    if (backend.state) this.state = backend.state;
    const embed = backend.embed?.bind(backend);
    if (embed) this.embed = embed;
    const render = backend.render?.bind(backend);
    if (render) this.render = (request) => render(this.#given(request));
  }

  chat(request: ChatCompletionRequest, signal: AbortSignal): AsyncIterable<GenerationEvent> {
    return this.#backend.chat(this.#given(request), signal);
  }

  complete(request: CompletionRequest, signal: AbortSignal): AsyncIterable<GenerationEvent> {
    return this.#backend.complete(request, signal);
  }

  fim(request: FIMRequest, signal: AbortSignal): AsyncIterable<GenerationEvent> {
    return this.#backend.fim(request, signal);
  }

  close(): Promise<void> {
    return this.#backend.close();
  }

  #given(request: ChatCompletionRequest): ChatCompletionRequest {
    return withSystem(request, this.#content());
  }
}
