// Messages and tools as OpenAI's and Mistral's APIs write them.
import type {Json} from '../json.ts';
import type {Content, Message, Tool} from '../types.ts';

/** A thought is a list of texts on the wire. */
function wireContent(content: Content): unknown {
  if (typeof content === 'string') return content;
  return content.map((chunk) =>
    chunk.type === 'thinking' ? {...chunk, thinking: [{type: 'text', text: chunk.thinking}]} : chunk,
  );
}

/** Plain data; members that are undefined are not written. */
export function messageToWire(message: Message): Record<string, unknown> {
  const {role, content} = message;
  const written = {role, content: content === undefined ? undefined : wireContent(content)};
  if (message.role === 'tool') return {...written, tool_call_id: message.toolCallId, name: message.name};
  if (message.role !== 'assistant') return written;
  const calls = message.toolCalls?.map(({id, name, arguments: args}) => ({
    id,
    type: 'function',
    function: {name, arguments: args},
  }));
  return {...written, tool_calls: calls?.length ? calls : undefined, prefix: message.prefix};
}

/** With the schema exactly as it was given. */
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
