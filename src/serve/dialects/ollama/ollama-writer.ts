// Writes one reply of Ollama's chat or generate: a line of JSON for each event; the whole reply is folded from the lines.
import type {GenerationEvent, ParsedToolCall, TokenLogprob} from '../../../engine/contract/backend.ts';
import type {FinishEvent} from '../../../engine/contract/collect-answer.ts';
import type {Tokenizer} from '../../../engine/contract/tokenizer.ts';
import type {HttpError} from '../../http-error.ts';
import {wireLogprobs} from '../../reply/chat-reply.ts';
import {wireReason} from '../../reply/usage.ts';
import type {EventWriter, Framing} from '../answer-dialect.ts';
import {objectOf} from '../object-of.ts';
import type {OfferedNames} from '../offered-names.ts';
import type {OllamaLine, OllamaToolCall} from './ollama-schema.ts';

export interface OllamaReplyOptions {
  readonly kind: 'chat' | 'generate';
  readonly model: string;
  readonly names: OfferedNames;
  readonly showsThoughts: boolean;
  /** Present when log-probabilities are asked for. */
  readonly logprobsOf: Tokenizer | undefined;
  /** Unix time in milliseconds. */
  readonly now: () => number;
}

/** Nothing may stand between the lines, not even an empty one: Ollama's clients fail at it. */
export const OLLAMA_FRAMING: Framing<OllamaLine> = {
  contentType: 'application/x-ndjson',
  frame: (line) => `${JSON.stringify(line)}\n`,
  fold: foldLines,
};

interface Said {
  readonly text?: string;
  readonly thinking?: string;
  readonly calls?: readonly OllamaToolCall[];
}

export class OllamaWriter implements EventWriter<OllamaLine> {
  readonly #options: OllamaReplyOptions;
  readonly #started: number;
  #calls = 0;

  constructor(options: OllamaReplyOptions) {
    this.#options = options;
    this.#started = options.now();
  }

  write(event: GenerationEvent): readonly OllamaLine[] {
    switch (event.type) {
      case 'text':
        return [{...this.#line({text: event.text}), ...this.#logprobs(event.logprobs), done: false}];
      case 'reasoning':
        return this.#options.showsThoughts ? [{...this.#line({thinking: event.text}), done: false}] : [];
      case 'tool_call':
        return [{...this.#line({calls: [this.#call(event.call)]}), done: false}];
      case 'finish':
        return [{...this.#line({}), ...this.#figures(event)}];
      default:
        return [];
    }
  }

  fail({message}: HttpError): readonly OllamaLine[] {
    return [{error: message}];
  }

  /** The only line where nothing is answered. */
  state(reason: 'load' | 'unload'): OllamaLine {
    return {...this.#line({}), done: true, done_reason: reason};
  }

  #line({text = '', thinking, calls}: Said): OllamaLine {
    const {model, kind, now} = this.#options;
    const head = {model, created_at: new Date(now()).toISOString()};
    const thought = thinking === undefined ? {} : {thinking};
    if (kind === 'generate') return {...head, response: text, ...thought};
    return {...head, message: {role: 'assistant', content: text, ...thought, ...(calls && {tool_calls: [...calls]})}};
  }

  #logprobs(tokens: readonly TokenLogprob[] = []): OllamaLine {
    const {logprobsOf} = this.#options;
    return logprobsOf ? {logprobs: wireLogprobs(tokens, logprobsOf).content ?? []} : {};
  }

  #call({id, name, arguments: text}: ParsedToolCall): OllamaToolCall {
    const client = this.#options.names.clientName(name);
    return {id, function: {index: this.#calls++, name: client.name, arguments: objectOf(text) ?? {}}};
  }

  #figures({reason, usage, timings}: FinishEvent): OllamaLine {
    return {
      done: true,
      done_reason: wireReason(reason) === 'length' ? 'length' : 'stop',
      total_duration: nanoseconds(this.#options.now() - this.#started),
      load_duration: 0,
      prompt_eval_count: usage.promptTokens,
      prompt_eval_duration: nanoseconds(timings.promptMs),
      eval_count: usage.completionTokens,
      eval_duration: nanoseconds(timings.generationMs),
    };
  }
}

const nanoseconds = (milliseconds: number) => Math.round(milliseconds * 1e6);

/** What a client has when it has read these lines: the last one with all that was said. */
function foldLines(lines: readonly OllamaLine[]): OllamaLine | undefined {
  const last = lines.at(-1);
  if (last === undefined) return undefined;
  const joined = (of: (line: OllamaLine) => string | undefined) => lines.map((line) => of(line) ?? '').join('');
  const thinking = joined((line) => line.message?.thinking ?? line.thinking);
  const thought = thinking === '' ? {} : {thinking};
  const logprobs = lines.flatMap((line) => line.logprobs ?? []);
  const tokens = logprobs.length === 0 ? {} : {logprobs};
  if (last.message === undefined) return {...last, response: joined((line) => line.response), ...thought, ...tokens};
  const calls = lines.flatMap((line) => line.message?.tool_calls ?? []);
  const content = joined((line) => line.message?.content);
  return {
    ...last,
    message: {...last.message, content, ...thought, ...(calls.length > 0 && {tool_calls: calls})},
    ...tokens,
  };
}
