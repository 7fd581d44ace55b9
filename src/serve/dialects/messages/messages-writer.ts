// Writes one Messages reply: each event of the engine as the events of the stream; the whole message is folded from them.
import type {GenerationEvent, ParsedToolCall, Usage} from '../../../engine/contract/backend.ts';
import type {FinishEvent} from '../../../engine/contract/collect-answer.ts';
import {errorBody, type HttpError} from '../../http-error.ts';
import {SSE} from '../../reply/event-stream.ts';
import {type EventWriter, type Framing, namedEvent} from '../answer-dialect.ts';
import {objectOf} from '../object-of.ts';
import type {OfferedNames} from '../offered-names.ts';
import {wireId} from '../wire-id.ts';
import type {Block, MessageReply, MessageUsage} from './messages-schema.ts';

export interface MessagesReplyOptions {
  readonly model: string;
  readonly names: OfferedNames;
  readonly requestId: string;
}

type Delta =
  | {readonly type: 'text_delta'; readonly text: string}
  | {readonly type: 'thinking_delta'; readonly thinking: string}
  | {readonly type: 'signature_delta'; readonly signature: string}
  | {readonly type: 'input_json_delta'; readonly partial_json: string};

export type MessageEvent =
  | {readonly type: 'message_start'; readonly message: MessageReply}
  | {readonly type: 'content_block_start'; readonly index: number; readonly content_block: Block}
  | {readonly type: 'content_block_delta'; readonly index: number; readonly delta: Delta}
  | {readonly type: 'content_block_stop'; readonly index: number}
  | {
      readonly type: 'message_delta';
      readonly delta: Pick<MessageReply, 'stop_reason' | 'stop_sequence'>;
      readonly usage: MessageUsage;
    }
  | {readonly type: 'message_stop'}
  | {readonly type: 'error'};

export const MESSAGES_FRAMING: Framing<MessageEvent> = {contentType: SSE, frame: namedEvent, fold: foldMessage};

/** Clients hand it back with a thought; nobody here checks it. */
const SIGNATURE = 'unsigned';

export class MessagesWriter implements EventWriter<MessageEvent> {
  readonly #options: MessagesReplyOptions;
  #open: 'text' | 'thinking' | undefined;
  #index = 0;

  constructor(options: MessagesReplyOptions) {
    this.#options = options;
  }

  write(event: GenerationEvent): readonly MessageEvent[] {
    switch (event.type) {
      case 'prompt': {
        const usage = {promptTokens: event.tokens.length, cachedTokens: event.cached, completionTokens: 0};
        return [{type: 'message_start', message: this.#empty(usage)}];
      }
      case 'text':
        return [...this.#begin('text'), this.#delta({type: 'text_delta', text: event.text})];
      case 'reasoning':
        return [...this.#begin('thinking'), this.#delta({type: 'thinking_delta', thinking: event.text})];
      case 'tool_call':
        return [...this.#end(), ...this.#called(event.call)];
      case 'finish':
        return [
          ...this.#end(),
          {type: 'message_delta', delta: stopOf(event), usage: messageUsage(event.usage)},
          {type: 'message_stop'},
        ];
      default:
        return [];
    }
  }

  fail(error: HttpError): readonly MessageEvent[] {
    return [errorBody(error, 'anthropic', error.cause, this.#options.requestId) as MessageEvent];
  }

  #empty(usage: Usage): MessageReply {
    return {
      id: wireId('msg'),
      type: 'message',
      role: 'assistant',
      model: this.#options.model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: messageUsage(usage),
    };
  }

  #begin(type: 'text' | 'thinking'): MessageEvent[] {
    if (this.#open === type) return [];
    const before = this.#end();
    this.#open = type;
    const content_block =
      type === 'text' ? ({type, text: ''} as const) : ({type, thinking: '', signature: ''} as const);
    return [...before, {type: 'content_block_start', index: this.#index, content_block}];
  }

  #end(): MessageEvent[] {
    if (this.#open === undefined) return [];
    const signed = this.#open === 'thinking' ? [this.#delta({type: 'signature_delta', signature: SIGNATURE})] : [];
    this.#open = undefined;
    return [...signed, {type: 'content_block_stop', index: this.#index++}];
  }

  /** A call comes whole, its input in one delta. */
  #called({id, name: offered, arguments: text}: ParsedToolCall): MessageEvent[] {
    const {name} = this.#options.names.clientName(offered);
    const events: MessageEvent[] = [
      {type: 'content_block_start', index: this.#index, content_block: {type: 'tool_use', id, name, input: {}}},
      this.#delta({type: 'input_json_delta', partial_json: objectOf(text) ? text : '{}'}),
      {type: 'content_block_stop', index: this.#index},
    ];
    this.#index++;
    return events;
  }

  #delta(delta: Delta): MessageEvent {
    return {type: 'content_block_delta', index: this.#index, delta};
  }
}

function stopOf({reason, stop}: FinishEvent): Pick<MessageReply, 'stop_reason' | 'stop_sequence'> {
  if (reason === 'tool_calls') return {stop_reason: 'tool_use', stop_sequence: null};
  if (reason !== 'stop') return {stop_reason: 'max_tokens', stop_sequence: null};
  return stop === undefined
    ? {stop_reason: 'end_turn', stop_sequence: null}
    : {stop_reason: 'stop_sequence', stop_sequence: stop};
}

/** What the cache held is told apart. */
function messageUsage({promptTokens, cachedTokens, completionTokens, reasoningTokens}: Usage): MessageUsage {
  return {
    input_tokens: promptTokens - cachedTokens,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: cachedTokens,
    output_tokens: completionTokens,
    ...(reasoningTokens && {output_tokens_details: {thinking_tokens: reasoningTokens}}),
  };
}

/** The message that a client has when it has read these events. */
function foldMessage(events: readonly MessageEvent[]): MessageReply | undefined {
  let message: MessageReply | undefined;
  const blocks: Block[] = [];
  for (const event of events) {
    if (event.type === 'message_start') message = event.message;
    else if (event.type === 'content_block_start') blocks.push(event.content_block);
    else if (event.type === 'content_block_delta') {
      const last = blocks.pop();
      if (last) blocks.push(withDelta(last, event.delta));
    } else if (event.type === 'message_delta' && message) message = {...message, ...event.delta, usage: event.usage};
  }
  return message && {...message, content: blocks};
}

function withDelta(block: Block, delta: Delta): Block {
  if (block.type === 'text' && delta.type === 'text_delta') return {...block, text: block.text + delta.text};
  if (block.type === 'thinking' && delta.type === 'thinking_delta') {
    return {...block, thinking: block.thinking + delta.thinking};
  }
  if (block.type === 'thinking' && delta.type === 'signature_delta') return {...block, signature: delta.signature};
  if (block.type === 'tool_use' && delta.type === 'input_json_delta') {
    return {...block, input: objectOf(delta.partial_json) ?? {}};
  }
  return block;
}
