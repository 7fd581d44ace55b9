// How many tokens the prompt of a request has: exactly where it is rendered here, else by what the server told before.
import type {Backend} from '../../contract/backend.ts';
import {type ChatCompletionRequest, contentText, type Message} from '../../contract/requests.ts';
import {LengthBound} from '../../tokenizer/length-bound.ts';

export interface PromptLength {
  /** Tokens. @throws EngineError what the template refuses. */
  of(request: ChatCompletionRequest): Promise<number>;
  /** The prompt of this request had so many tokens, as its answer told. */
  learn(request: ChatCompletionRequest, tokens: number): void;
}

export function promptLength(backend: Backend): PromptLength {
  return backend.render ? new RenderedLength(backend, backend.render.bind(backend)) : new EstimatedLength();
}

class RenderedLength implements PromptLength {
  readonly #render: NonNullable<Backend['render']>;
  readonly #bound: LengthBound | undefined;
  readonly #limit: number;

  constructor({tokenizer, model}: Backend, render: NonNullable<Backend['render']>) {
    this.#render = render;
    this.#bound = tokenizer && new LengthBound(tokenizer);
    this.#limit = model.contextSize ?? Number.POSITIVE_INFINITY;
  }

  async of(request: ChatCompletionRequest): Promise<number> {
    // What is far too long takes seconds to render.
    const least = this.#bound?.atLeast(request.messages.map(textOf), this.#limit) ?? 0;
    return least > 0 ? least : (await this.#render(request)).tokens.length;
  }

  learn(): void {}
}

/** Until a server has told the length of a prompt. English has about four bytes a token, other languages and code fewer. */
const TOKENS_A_BYTE = 1 / 3;

/** What a template writes around a message, in bytes. */
const FRAME = 12;

class EstimatedLength implements PromptLength {
  #rate = TOKENS_A_BYTE;

  async of(request: ChatCompletionRequest): Promise<number> {
    return Math.ceil(bytesOf(request) * this.#rate);
  }

  learn(request: ChatCompletionRequest, tokens: number): void {
    // Some servers tell none.
    if (tokens > 0) this.#rate = tokens / bytesOf(request);
  }
}

function bytesOf({messages, tools = []}: ChatCompletionRequest): number {
  const texts = messages.reduce((sum, message) => sum + FRAME + Buffer.byteLength(textOf(message)), FRAME);
  return tools.length === 0 ? texts : texts + Buffer.byteLength(JSON.stringify(tools, mapsToo));
}

const mapsToo = (_: string, value: unknown) => (value instanceof Map ? [...value] : value);

/** All that is told of a message. */
function textOf(message: Message): string {
  const {content} = message;
  const thoughts =
    typeof content === 'object' ? content.map((chunk) => (chunk.type === 'thinking' ? chunk.thinking : '')) : [];
  const calls = message.role === 'assistant' ? (message.toolCalls ?? []) : [];
  return [contentText(content), ...thoughts, ...calls.map((call) => `${call.name}${call.arguments}`)].join('');
}
