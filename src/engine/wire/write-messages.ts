// Messages and tools in the form the OpenAI and Mistral APIs write them: for session files, exports and remote servers.
import type {Json} from '../../base/json.ts';
import type {Content, Message, Tool, ToolCall} from '../contract/requests.ts';

export interface WireToolCall {
  readonly id: string;
  readonly type: 'function';
  readonly function: {readonly name: string; readonly arguments: string};
}

/** Plain data; `JSON.stringify` writes it without loss. */
interface WireMessage {
  readonly role: Message['role'];
  readonly content?: string | readonly object[];
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
      ...(content === undefined ? {} : {content: contentToWire(content)}),
      ...(toolCalls === undefined ? {} : {tool_calls: toolCalls.map(toolCallToWire)}),
      ...(prefix === undefined ? {} : {prefix}),
    };
  }
  if (message.role !== 'tool') return {role: message.role, content: contentToWire(message.content)};
  const {content, toolCallId, name} = message;
  return {
    role: 'tool',
    content: contentToWire(content),
    ...(toolCallId === undefined ? {} : {tool_call_id: toolCallId}),
    ...(name === undefined ? {} : {name}),
  };
}

/** A thought is a list of texts in Mistral's API. */
function contentToWire(content: Content): string | readonly object[] {
  if (typeof content === 'string') return content;
  return content.map((chunk) =>
    chunk.type === 'thinking' ? {...chunk, thinking: [{type: 'text', text: chunk.thinking}]} : chunk,
  );
}

export function toolCallToWire(call: ToolCall): WireToolCall {
  return {id: call.id, type: 'function', function: {name: call.name, arguments: call.arguments}};
}

/** A tool as the templates and both APIs write it, with the schema exactly as it was given. */
export function toolToWire({name, description, parameters}: Tool): Json {
  const definition = new Map<string, Json>([
    ['name', name],
    ['description', description],
    ['parameters', parameters],
  ]);
  return new Map<string, Json>([
    ['type', 'function'],
    ['function', definition],
  ]);
}
