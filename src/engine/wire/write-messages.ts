// Messages in the form the OpenAI and Mistral APIs write them: for session files and exports.
import type {ContentChunk, Message, ToolCall} from '../types.ts';

interface WireToolCall {
  readonly id: string;
  readonly type: 'function';
  readonly function: {readonly name: string; readonly arguments: string};
}

/** Plain data; `JSON.stringify` writes it without loss. */
interface WireMessage {
  readonly role: Message['role'];
  readonly content?: string | readonly ContentChunk[];
  readonly tool_calls?: readonly WireToolCall[];
  readonly prefix?: boolean;
  readonly tool_call_id?: string;
  readonly name?: string;
}

/** The inverse of `readMessage`. */
export function messageToWire(message: Message): WireMessage {
  if (message.role === 'assistant') {
    const {content, toolCalls, prefix} = message;
    return {
      role: message.role,
      ...(content === undefined ? {} : {content}),
      ...(toolCalls === undefined ? {} : {tool_calls: toolCalls.map(toolCallToWire)}),
      ...(prefix === undefined ? {} : {prefix}),
    };
  }
  if (message.role !== 'tool') return {role: message.role, content: message.content};
  const {content, toolCallId, name} = message;
  return {
    role: 'tool',
    content,
    ...(toolCallId === undefined ? {} : {tool_call_id: toolCallId}),
    ...(name === undefined ? {} : {name}),
  };
}

function toolCallToWire(call: ToolCall): WireToolCall {
  return {id: call.id, type: 'function', function: {name: call.name, arguments: call.arguments}};
}
