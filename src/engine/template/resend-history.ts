// A chat as it happened, made fit for telling it to the model again: templates refuse what a conversation can contain.
import type {AssistantMessage, Content, ContentChunk, Message, ToolMessage} from '../contract/requests.ts';
import {isVersion, TEMPLATES, type TemplateName, type TemplateRow} from '../contract/templates.ts';
import {writtenThought} from './parse/plain-thought.ts';

const NOT_RUN = 'Error: this call was not run.';

export interface ResendOptions {
  /** The thoughts of earlier answers are left out; one that the model is to go on with stays. */
  readonly dropThoughts?: boolean;
}

/**
 * The messages with a result for every call that was left open (an answer cut off, tools that nobody ran), and without
 * results of calls that are not there. With a known version also without what its template has no form for: text beside calls, thoughts, all of the tools in v1.
 * Meant for a program's own history; what a client sends is refused instead.
 */
export function historyToSend(
  given: readonly Message[],
  version: TemplateName | undefined,
  {dropThoughts = false}: ResendOptions = {},
): Message[] {
  const messages = dropThoughts ? given.flatMap(withoutThoughts) : given;
  const asked = withCaller(messages)
    .filter(({message, caller}) => message.role !== 'tool' || isAsked(message, caller))
    .map(({message}) => message);
  const answered = asked.flatMap((message, index) => [message, ...missingResults(asked, index)]);
  return !isVersion(version) ? answered : answered.flatMap((message) => fitted(message, TEMPLATES[version]));
}

/** What a result answers: the message before it and the results beside it, with the ids of its calls. */
type Caller = ReadonlySet<string | undefined> | undefined;

/** Each message, and for results what they can answer, in one pass: histories have thousands of messages. */
function withCaller(messages: readonly Message[]): readonly {readonly message: Message; readonly caller: Caller}[] {
  let caller: Caller;
  return messages.map((message) => {
    if (message.role === 'assistant') caller = new Set((message.toolCalls ?? []).map(({id}) => id));
    else if (message.role !== 'tool') caller = undefined;
    return {message, caller};
  });
}

/** Whether the result answers a call before it: of a damaged chat the calls may be lost. */
function isAsked({toolCallId}: ToolMessage, caller: Caller): boolean {
  return caller !== undefined && (toolCallId === undefined || caller.has(toolCallId));
}

/** Results to put behind this message: it is the last of a call and its results, and something follows. */
function missingResults(messages: readonly Message[], index: number): readonly ToolMessage[] {
  const next = messages[index + 1];
  const role = messages[index]?.role;
  if (next === undefined || next.role === 'tool' || (role !== 'assistant' && role !== 'tool')) return [];
  let caller = index;
  while (messages[caller]?.role === 'tool') caller -= 1;
  const message = messages[caller];
  if (message?.role !== 'assistant') return [];
  const results = messages.slice(caller + 1, index + 1);
  const ids = new Set(results.map((result) => (result.role === 'tool' ? result.toolCallId : undefined)));
  return (message.toolCalls ?? [])
    .filter((call) => !ids.has(call.id))
    .map((call) => ({role: 'tool', content: NOT_RUN, toolCallId: call.id, name: call.name}));
}

/** Nothing of an answer that was a thought alone. */
function withoutThoughts(message: Message): readonly Message[] {
  if (message.role !== 'assistant' || message.prefix || typeof message.content !== 'object') return [message];
  const {content, ...rest} = message;
  const said = content.filter(({type}) => type !== 'thinking');
  if (said.length > 0) return [{...rest, content: said}];
  return rest.toolCalls?.length ? [rest] : [];
}

function fitted(message: Message, row: TemplateRow): readonly Message[] {
  if (message.role === 'tool') return row.toolResults === 'none' ? [] : [message];
  if (message.role !== 'assistant') return [message];
  const toolCalls = row.toolCalls === 'none' ? [] : (message.toolCalls ?? []);
  const dropsText = row.textWithCalls === 'refused' && toolCalls.length > 0;
  const content = dropsText ? '' : spoken(message.content, row);
  if (content.length === 0 && toolCalls.length === 0) return [];
  const rest: AssistantMessage = {role: 'assistant', ...(message.prefix !== undefined && {prefix: message.prefix})};
  return [{...rest, ...(content.length > 0 && {content}), ...(toolCalls.length > 0 && {toolCalls})}];
}

function spoken(content: Content = '', row: TemplateRow): Content {
  if (typeof content === 'string' || row.thinking === 'encoded') return content;
  if (row.plainThought === 'think-tags') return inWords(content);
  return content.filter((chunk) => chunk.type !== 'thinking');
}

/** A thought as the model wrote it, in words, in one text with what it said behind it. */
function inWords(content: readonly ContentChunk[]): readonly ContentChunk[] {
  const rest = content.filter(({type}) => type !== 'thinking');
  const thoughts = content.flatMap((chunk) => (chunk.type === 'thinking' ? [writtenThought(chunk.thinking)] : []));
  if (thoughts.length === 0) return rest;
  const [first, ...others] = rest;
  const begun = first?.type === 'text';
  const text = {type: 'text', text: thoughts.join('') + (begun ? first.text : '')} as const;
  return [text, ...(begun ? others : rest)];
}
