// Brings messages into the form the encoder writes: roles merged, system prompts collected, JSON in Python's spelling.
import {dumpsJson, type Json, JsonError, parseJson} from '../../../base/json.ts';
import {Refusal} from '../../contract/refusal.ts';
import type {
  AssistantMessage,
  Content,
  ContentChunk,
  Message,
  SystemMessage,
  ToolCall,
  ToolMessage,
  UserMessage,
} from '../../contract/requests.ts';
import type {TemplateRow} from '../../contract/templates.ts';

export interface NormalisedAssistant extends AssistantMessage {
  readonly content: Content;
  readonly toolCalls: readonly ToolCall[];
  readonly prefix: boolean;
}
export type NormalisedMessage = SystemMessage | UserMessage | NormalisedAssistant | ToolMessage;

export interface NormalisedChat {
  readonly messages: readonly NormalisedMessage[];
  /** All system messages in one, for templates without a place of their own for them. */
  readonly systemPrompt: string;
}

const MESSAGE_SEPARATOR = '\n\n';

/**
 * mistral-common's request normaliser.
 * @throws Refusal when merged assistant messages hold both text and calls and the template has no form for that.
 */
export function normaliseMessages(messages: readonly Message[], row: TemplateRow): NormalisedChat {
  const merged: NormalisedMessage[] = [];
  let callOrder: string[] = [];
  for (const run of runsOfOneRole(messages)) {
    const added = normaliseRun(run, row, callOrder);
    merged.push(...added);
    const last = added.at(-1);
    if (last?.role === 'assistant') callOrder = [...callOrder, ...(last.toolCalls?.map((call) => call.id) ?? [])];
    if (last?.role === 'tool') callOrder = [];
  }
  const ownPlace = row.systemPrompt === 'in-place';
  if (merged.length === 0 || (!ownPlace && merged[0]?.role !== 'user')) merged.unshift({role: 'user', content: ''});
  return {messages: merged, systemPrompt: ownPlace ? '' : joinSystemPrompts(messages, row)};
}

/** JSON of tool arguments or a v1-v3 result as the value it stands for; other text as the string it is. */
export function jsonOrText(text: string): Json {
  if (text === '') return new Map();
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof JsonError && error.kind === 'syntax') return text;
    throw error;
  }
}

function runsOfOneRole(messages: readonly Message[]): readonly (readonly Message[])[] {
  const runs: Message[][] = [];
  for (const message of messages) {
    const run = runs.at(-1);
    if (run?.[0]?.role === message.role) run.push(message);
    else runs.push([message]);
  }
  return runs;
}

function normaliseRun(run: readonly Message[], row: TemplateRow, callOrder: readonly string[]): NormalisedMessage[] {
  switch (run[0]?.role) {
    case 'user':
      return [{role: 'user', content: joinContents(run, row)}];
    case 'assistant':
      return [
        mergeAssistants(
          run.filter((message) => message.role === 'assistant'),
          row,
        ),
      ];
    case 'tool':
      return normaliseResults(
        run.filter((message) => message.role === 'tool'),
        row,
        callOrder,
      );
    case 'system':
      if (row.systemPrompt !== 'in-place') return [];
      return run.map((message) => ({role: 'system', content: joinContents([message], row)}));
    default:
      return [];
  }
}

function mergeAssistants(run: readonly AssistantMessage[], row: TemplateRow): NormalisedAssistant {
  const content = joinContents(run, row);
  const toolCalls = run.flatMap((message) => message.toolCalls ?? []);
  if (row.toolCalls !== 'none' && row.textWithCalls === 'refused' && content.length > 0 && toolCalls.length > 0) {
    throw new Refusal(
      'InvalidAssistantMessageException',
      'Assistant messages in a row hold both text and tool calls, which this template cannot tell the model.',
      {param: 'messages'},
    );
  }
  return {role: 'assistant', content, toolCalls, prefix: run.some((message) => message.prefix === true)};
}

function normaliseResults(run: readonly ToolMessage[], row: TemplateRow, callOrder: readonly string[]): ToolMessage[] {
  const results = run.map((message) => {
    const content = joinContents([message], row);
    const isJson = row.toolResults === 'json-list' || row.toolResults === 'json';
    return isJson && typeof content === 'string' ? {...message, content: respell(content)} : {...message, content};
  });
  if (row.resultOrder === 'given') return results;
  const rank = new Map(callOrder.map((id, index) => [id, index]));
  const rankOf = (result: ToolMessage): number => rank.get(result.toolCallId || 'null') ?? callOrder.length;
  return results.sort((a, b) => rankOf(a) - rankOf(b));
}

/** JSON in Python's spelling, other text untouched. */
function respell(text: string): string {
  const value = jsonOrText(text);
  return typeof value === 'string' && value === text ? text : dumpsJson(value);
}

function joinSystemPrompts(messages: readonly Message[], row: TemplateRow): string {
  return messages
    .filter((message) => message.role === 'system' && message.content.length > 0)
    .map((message) => joinContents([message], row))
    .filter((content) => typeof content === 'string')
    .join(MESSAGE_SEPARATOR);
}

/** Joins neighbouring texts; the result is a string unless a chunk that is not text stands among them. */
function joinContents(messages: readonly Message[], row: TemplateRow): Content {
  const chunks: ContentChunk[] = [];
  let text = '';
  for (const {content} of messages) {
    let separator = MESSAGE_SEPARATOR;
    for (const chunk of chunksOf(content)) {
      if (chunk.type !== 'text') {
        if (text !== '') chunks.push({type: 'text', text});
        text = '';
        chunks.push(chunk);
      } else if (chunk.text !== '') {
        text += text === '' ? chunk.text : separator + chunk.text;
        separator = row.chunkSeparator;
      }
    }
  }
  if (chunks.length === 0) return text;
  return text === '' ? chunks : [...chunks, {type: 'text', text}];
}

function chunksOf(content: Content | undefined): readonly ContentChunk[] {
  if (content === undefined) return [];
  return typeof content === 'string' ? [{type: 'text', text: content}] : content;
}
