// Writes one Responses reply: each event of the engine as the events of the stream, the last of which has the whole reply.
import type {GenerationEvent, ParsedToolCall, TokenLogprob, Usage} from '../../../engine/contract/backend.ts';
import type {FinishEvent} from '../../../engine/contract/collect-answer.ts';
import type {Tokenizer} from '../../../engine/contract/tokenizer.ts';
import type {HttpError} from '../../http-error.ts';
import {wireLogprobs} from '../../reply/chat-reply.ts';
import {SSE} from '../../reply/event-stream.ts';
import {wireReason} from '../../reply/usage.ts';
import {type EventWriter, type Framing, namedEvent} from '../answer-dialect.ts';
import {wireId} from '../wire-id.ts';
import {encryptedThought} from './encrypted-thought.ts';
import type {ResponsesCall} from './read-responses.ts';
import type {ItemStatus, OutputItem, ResponseEvent, ResponseObject, ResponseUsage} from './responses-schema.ts';

export interface ResponsesReplyOptions {
  readonly model: string;
  /** Of the vocabulary: for log-probabilities. */
  readonly tokenizer: Tokenizer | undefined;
  /** Unix time in milliseconds. */
  readonly now: () => number;
}

export const RESPONSES_FRAMING: Framing<ResponseEvent> = {
  contentType: SSE,
  frame: namedEvent,
  fold: (events) => events.at(-1)?.response,
};

/** What is being written: a message or a thought. */
interface OpenItem {
  readonly kind: 'message' | 'reasoning';
  readonly id: string;
  text: string;
  readonly logprobs: TokenLogprob[];
}

export class ResponsesWriter implements EventWriter<ResponseEvent> {
  readonly #call: ResponsesCall;
  readonly #options: ResponsesReplyOptions;
  readonly #id = wireId('resp');
  readonly #created: number;
  readonly #output: OutputItem[] = [];
  #open: OpenItem | undefined;
  #sequence = 0;

  constructor(call: ResponsesCall, options: ResponsesReplyOptions) {
    this.#call = call;
    this.#options = options;
    this.#created = this.#seconds();
  }

  write(event: GenerationEvent): readonly ResponseEvent[] {
    switch (event.type) {
      case 'prompt': {
        const response = this.#response('in_progress', null);
        return [this.#event('response.created', {response}), this.#event('response.in_progress', {response})];
      }
      case 'text':
      case 'reasoning':
        return this.#said(event);
      case 'tool_call':
        return [...this.#close('completed'), ...this.#called(event.call)];
      case 'finish':
        return this.#end(event);
      default:
        return [];
    }
  }

  fail({code, message}: HttpError): readonly ResponseEvent[] {
    const known = code === 'context_length_exceeded' ? code : 'server_error';
    const response = {...this.#response('failed', null), error: {code: known, message}};
    return [this.#event('response.failed', {response})];
  }

  #event(type: string, members: object): ResponseEvent {
    return {type, sequence_number: this.#sequence++, ...members};
  }

  #said(event: Extract<GenerationEvent, {type: 'text' | 'reasoning'}>): ResponseEvent[] {
    const kind = event.type === 'text' ? 'message' : 'reasoning';
    const before = this.#open?.kind === kind ? [] : [...this.#close('completed'), ...this.#openItem(kind)];
    const open = this.#open;
    if (open === undefined) return before;
    open.text += event.text;
    if (kind === 'reasoning')
      return [...before, this.#event(this.#thoughtType('delta'), this.#at({delta: event.text}))];
    const logprobs = event.type === 'text' ? (event.logprobs ?? []) : [];
    open.logprobs.push(...logprobs);
    const delta = this.#at({delta: event.text, logprobs: this.#logprobs(logprobs)});
    return [...before, this.#event('response.output_text.delta', delta)];
  }

  #openItem(kind: OpenItem['kind']): ResponseEvent[] {
    this.#open = {kind, id: wireId(kind === 'message' ? 'msg' : 'rs'), text: '', logprobs: []};
    const {id} = this.#open;
    const item: OutputItem =
      kind === 'message'
        ? {id, type: kind, role: 'assistant', status: 'in_progress', content: []}
        : {id, type: kind, summary: [], ...(!this.#call.summary && {content: []}), status: 'in_progress'};
    return [
      this.#event('response.output_item.added', {output_index: this.#output.length, item}),
      this.#event(this.#partType('added'), this.#at({part: this.#part('', [])})),
    ];
  }

  #close(status: ItemStatus): ResponseEvent[] {
    const {kind, text, logprobs} = this.#open ?? {};
    if (kind === undefined || text === undefined || logprobs === undefined) return [];
    const isMessage = kind === 'message';
    const done = this.#at(isMessage ? {text, logprobs: this.#logprobs(logprobs)} : {text});
    const part = this.#at({part: this.#part(text, logprobs)});
    const item = this.#doneItem(status);
    const events = [
      this.#event(isMessage ? 'response.output_text.done' : this.#thoughtType('done'), done),
      this.#event(this.#partType('done'), part),
      this.#event('response.output_item.done', {output_index: this.#output.length, item}),
    ];
    this.#output.push(item);
    this.#open = undefined;
    return events;
  }

  #doneItem(status: ItemStatus): OutputItem {
    const {kind = 'message', id = '', text = '', logprobs = []} = this.#open ?? {};
    if (kind === 'message') {
      return {id, type: kind, role: 'assistant', status, content: [this.#textPart(text, logprobs)]};
    }
    return {
      id,
      type: kind,
      summary: this.#call.summary ? [{type: 'summary_text', text}] : [],
      ...(!this.#call.summary && {content: [{type: 'reasoning_text', text}]}),
      ...(this.#call.encrypted && {encrypted_content: encryptedThought(text)}),
      status,
    };
  }

  /** A call comes whole, its arguments in one delta. */
  #called({id: call_id, name: offered, arguments: text}: ParsedToolCall): ResponseEvent[] {
    const id = wireId('fc');
    const {name, namespace} = this.#call.names.clientName(offered);
    const output_index = this.#output.length;
    const item = (status: ItemStatus, args: string): OutputItem => ({
      id,
      type: 'function_call',
      status,
      arguments: args,
      call_id,
      name,
      ...(namespace !== undefined && {namespace}),
    });
    const done = item('completed', text);
    this.#output.push(done);
    const at = {item_id: id, output_index};
    return [
      this.#event('response.output_item.added', {output_index, item: item('in_progress', '')}),
      this.#event('response.function_call_arguments.delta', {...at, delta: text}),
      this.#event('response.function_call_arguments.done', {...at, arguments: text, name}),
      this.#event('response.output_item.done', {output_index, item: done}),
    ];
  }

  #end({reason, usage}: FinishEvent): ResponseEvent[] {
    const isCut = wireReason(reason) === 'length';
    const status = isCut ? 'incomplete' : 'completed';
    const before = this.#close(status);
    const response = this.#response(status, responseUsage(usage));
    return [...before, this.#event(`response.${status}`, {response})];
  }

  /** The place of the open item, and of its only part. */
  #at(members: object): object {
    const isSummary = this.#open?.kind === 'reasoning' && this.#call.summary;
    const index = isSummary ? {summary_index: 0} : {content_index: 0};
    return {item_id: this.#open?.id, output_index: this.#output.length, ...index, ...members};
  }

  #thoughtType(end: 'delta' | 'done'): string {
    return `response.reasoning_${this.#call.summary ? 'summary_text' : 'text'}.${end}`;
  }

  #partType(end: 'added' | 'done'): string {
    const isSummary = this.#open?.kind === 'reasoning' && this.#call.summary;
    return `response.${isSummary ? 'reasoning_summary_part' : 'content_part'}.${end}`;
  }

  #part(text: string, logprobs: readonly TokenLogprob[]): object {
    if (this.#open?.kind === 'message') return this.#textPart(text, logprobs);
    return {type: this.#call.summary ? 'summary_text' : 'reasoning_text', text};
  }

  #textPart(text: string, logprobs: readonly TokenLogprob[]) {
    return {type: 'output_text' as const, text, annotations: [], logprobs: this.#logprobs(logprobs)};
  }

  #logprobs(tokens: readonly TokenLogprob[]) {
    const {tokenizer} = this.#options;
    return tokenizer ? (wireLogprobs(tokens, tokenizer).content ?? []) : [];
  }

  #seconds(): number {
    return Math.floor(this.#options.now() / 1000);
  }

  #response(status: ResponseObject['status'], usage: ResponseUsage | null): ResponseObject {
    const {echo, request, parallelCalls} = this.#call;
    return {
      id: this.#id,
      object: 'response',
      created_at: this.#created,
      status,
      background: false,
      completed_at: status === 'completed' ? this.#seconds() : null,
      error: null,
      incomplete_details: status === 'incomplete' ? {reason: 'max_output_tokens'} : null,
      instructions: echo.instructions,
      max_output_tokens: echo.max_output_tokens,
      max_tool_calls: null,
      model: this.#options.model,
      output: [...this.#output],
      parallel_tool_calls: parallelCalls,
      previous_response_id: null,
      prompt_cache_key: echo.prompt_cache_key,
      reasoning: echo.reasoning,
      safety_identifier: echo.safety_identifier,
      service_tier: 'default',
      store: false,
      temperature: request.sampling.temperature,
      text: echo.text,
      tool_choice: echo.tool_choice,
      tools: echo.tools,
      top_logprobs: echo.top_logprobs,
      top_p: request.sampling.topP ?? 1,
      truncation: 'disabled',
      usage,
      user: echo.user,
      metadata: echo.metadata,
      access_programs: null,
    };
  }
}

function responseUsage({promptTokens, cachedTokens, completionTokens, reasoningTokens = 0}: Usage): ResponseUsage {
  return {
    input_tokens: promptTokens,
    input_tokens_details: {cached_tokens: cachedTokens, cache_write_tokens: 0},
    output_tokens: completionTokens,
    output_tokens_details: {reasoning_tokens: reasoningTokens},
    total_tokens: promptTokens + completionTokens,
  };
}
