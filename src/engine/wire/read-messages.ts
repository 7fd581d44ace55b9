// Messages as the OpenAI and Mistral APIs write them, read into the house's types.
import {dumpsJson, isJsonArray, isJsonObject, type Json} from '../../base/json.ts';
import {Refusal} from '../contract/refusal.ts';
import type {AssistantMessage, Content, ContentChunk, Message, ToolCall} from '../contract/requests.ts';
import {NO_ID} from '../contract/tool-names.ts';
import {Fields, type ReadContext} from './fields.ts';

/** @throws Refusal with the path of the field at fault. */
export function readMessage(json: Json, path: string, context: ReadContext): Message {
  const message = new Fields(json, path, context);
  const role = message.requiredString('role');
  switch (role) {
    case 'system':
    case 'user':
      message.only(context.dialect === 'lenient' ? ['role', 'content', 'name'] : ['role', 'content']);
      return {role, content: readContent(message) ?? message.missing('content')};
    case 'assistant':
      return readAssistant(message);
    case 'tool':
      return readToolMessage(message);
    default:
      if (role === 'developer' && context.dialect === 'lenient') {
        message.only(['role', 'content', 'name']);
        return {role: 'system', content: readContent(message) ?? message.missing('content')};
      }
      throw message.wrong('role', 'system, user, assistant or tool');
  }
}

const ASSISTANT_FIELDS = ['role', 'content', 'tool_calls', 'prefix'];
const REASONING_FIELDS = ['reasoning_content', 'reasoning'];

function readAssistant(message: Fields): AssistantMessage {
  message.only(message.context.dialect === 'exact' ? ASSISTANT_FIELDS : [...ASSISTANT_FIELDS, ...REASONING_FIELDS]);
  message.notNull('prefix');
  const content = withReasoning(message, readContent(message));
  const toolCalls = message
    .list('tool_calls')
    ?.map((call, index) =>
      readToolCall(new Fields(call, `${message.pathOf('tool_calls')}[${index}]`, message.context)),
    );
  const prefix = message.boolean('prefix');
  return {
    role: 'assistant',
    ...(content === undefined ? {} : {content}),
    ...(toolCalls === undefined ? {} : {toolCalls}),
    ...(prefix === undefined ? {} : {prefix}),
  };
}

/** `reasoning` (vLLM) and `reasoning_content` (SGLang, llama.cpp) are a closed thought before the content. */
function withReasoning(message: Fields, content: Content | undefined): Content | undefined {
  const name = message.first(REASONING_FIELDS);
  const thinking = message.string(name);
  if (thinking === undefined) return content;
  const chunks: readonly ContentChunk[] =
    typeof content === 'string' ? [{type: 'text', text: content}] : (content ?? []);
  if (chunks.some((chunk) => chunk.type === 'thinking')) {
    throw new Refusal(
      'InvalidAssistantMessageException',
      `${message.pathOf(name)} and thinking chunks exclude each other.`,
      {
        param: message.pathOf(name),
      },
    );
  }
  return [{type: 'thinking', thinking, closed: true}, ...chunks];
}

function readToolMessage(message: Fields): Message {
  message.only(['role', 'content', 'tool_call_id', 'name']);
  const toolCallId = message.string('tool_call_id');
  const name = message.string('name');
  return {
    role: 'tool',
    content: readContent(message) ?? (message.context.dialect === 'lenient' ? '' : message.missing('content')),
    ...(toolCallId === undefined ? {} : {toolCallId}),
    ...(name === undefined ? {} : {name}),
  };
}

function readToolCall(call: Fields): ToolCall {
  call.only(call.context.dialect === 'lenient' ? ['id', 'type', 'function', 'index'] : ['id', 'type', 'function']);
  call.notNull('id', 'type');
  if ((call.string('type') ?? 'function') !== 'function') throw call.wrong('type', '"function"');
  const written = call.fields('function') ?? call.missing('function');
  written.only(['name', 'arguments']);
  return {id: call.string('id') ?? NO_ID, name: written.requiredString('name'), arguments: readArguments(written)};
}

/** Text as it is; an object in Python's spelling. */
function readArguments(written: Fields): string {
  if (written.context.dialect === 'exact' && !written.has('arguments')) written.missing('arguments');
  const value = written.get('arguments') ?? '{}';
  if (typeof value === 'string') return value;
  if (isJsonObject(value)) return dumpsJson(value, {ensureAscii: true});
  throw written.wrong('arguments', 'a string or an object');
}

function readContent(message: Fields): Content | undefined {
  const content = message.get('content');
  if (content === undefined || typeof content === 'string') return content;
  if (!isJsonArray(content)) throw message.wrong('content', 'a string or a list of chunks');
  const allowed = CHUNKS[message.requiredString('role')] ?? [];
  return content.map((item, index) => {
    const chunk = new Fields(item, `${message.pathOf('content')}[${index}]`, message.context);
    const read = readChunk(chunk);
    if (!allowed.includes(read.type)) throw chunk.wrong('type', `one that its role allows: ${allowed.join(', ')}`);
    return read;
  });
}

/** What a message of a role can hold at all; each template version narrows it down. */
const CHUNKS: Readonly<Record<string, readonly ContentChunk['type'][]>> = {
  system: ['text', 'input_audio', 'thinking'],
  developer: ['text'],
  user: ['text', 'image', 'image_url', 'input_audio', 'audio_url'],
  assistant: ['text', 'thinking'],
  tool: ['text', 'image', 'image_url', 'input_audio', 'audio_url'],
};

function readChunk(chunk: Fields): ContentChunk {
  const type = chunk.requiredString('type');
  switch (type) {
    case 'text':
      chunk.only(['type', 'text']);
      return {type, text: chunk.requiredString('text')};
    case 'thinking':
      chunk.only(['type', 'thinking', 'closed']);
      chunk.notNull('closed');
      return {type, thinking: readThinking(chunk), closed: chunk.boolean('closed') ?? true};
    case 'image':
    case 'image_url':
    case 'input_audio':
    case 'audio_url':
      return {type};
    default:
      throw chunk.wrong('type', 'text, thinking, image, image_url, input_audio or audio_url');
  }
}

/** Mistral's API writes a thought as a list of text chunks, mistral-common as a string. */
function readThinking(chunk: Fields): string {
  const thinking = chunk.get('thinking');
  if (!isJsonArray(thinking) || chunk.context.dialect === 'exact') return chunk.requiredString('thinking');
  return thinking
    .map((part, index) =>
      new Fields(part, `${chunk.pathOf('thinking')}[${index}]`, chunk.context).requiredString('text'),
    )
    .join('');
}
