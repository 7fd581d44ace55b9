// A chat request as the variables of a chat template: messages and tools in the form that transformers gives them.
import {fromPlain, type Json, type JsonObject} from '../../../base/json.ts';
import {Refusal} from '../../contract/refusal.ts';
import type {
  AssistantMessage,
  ChatCompletionRequest,
  Content,
  Message,
  Tool,
  ToolCall,
} from '../../contract/requests.ts';
import {jsonOrText} from '../encode/normalise.ts';
import {mapTexts} from './marked-text.ts';

export interface VariableOptions {
  /** Applied to every text of the request. */
  readonly mark: (text: string) => string;
  /** How the template wants the arguments of a call. */
  readonly argumentsAs: 'object' | 'text';
  /** Put behind the text of a last assistant message that is to be continued. */
  readonly endMark: string;
  /** Texts of the file's own tokens, such as `bos_token`. */
  readonly tokens: Readonly<Record<string, string>>;
}

/** Whether the last message is an answer to go on with. */
export function isContinued({messages}: Pick<ChatCompletionRequest, 'messages'>): boolean {
  const last = messages.at(-1);
  return last?.role === 'assistant' && last.prefix === true;
}

/** @throws Refusal for contents that are no text. */
export function chatVariables(request: ChatCompletionRequest, options: VariableOptions): JsonObject {
  const {messages, tools = []} = request;
  const {mark, tokens} = options;
  const continued = isContinued(request);
  const last = messages.length - 1;
  const written = messages.map((message, index) => {
    const param = `messages[${index}].content`;
    return variableOf(message, {...options, param, end: continued && index === last ? options.endMark : ''});
  });
  return new Map<string, Json>([
    ...Object.entries(tokens),
    ['messages', written],
    ['tools', tools.length === 0 ? null : tools.map((tool) => toolVariable(tool, mark))],
    ['documents', null],
    ['add_generation_prompt', !continued],
  ]);
}

interface MessageOptions extends VariableOptions {
  readonly param: string;
  readonly end: string;
}

function variableOf(message: Message, options: MessageOptions): JsonObject {
  const {mark, param, end} = options;
  const content = mark(textOf(message.content, param)) + end;
  const variable = new Map<string, Json>([
    ['role', message.role],
    ['content', content],
  ]);
  if (message.role === 'tool') {
    if (message.toolCallId !== undefined) variable.set('tool_call_id', mark(message.toolCallId));
    if (message.name !== undefined) variable.set('name', mark(message.name));
  }
  const calls = message.role === 'assistant' ? callsOf(message) : [];
  if (calls.length > 0)
    variable.set(
      'tool_calls',
      calls.map((call) => callVariable(call, options)),
    );
  return variable;
}

const callsOf = ({toolCalls = []}: AssistantMessage): readonly ToolCall[] => toolCalls;

/** Thoughts of earlier answers are not told again: a foreign template has a place of its own for them, or none. */
function textOf(content: Content | undefined, param: string): string {
  if (content === undefined || typeof content === 'string') return content ?? '';
  const texts = content
    .filter((chunk) => chunk.type !== 'thinking')
    .map((chunk, index) => {
      if (chunk.type === 'text') return chunk.text;
      throw new Refusal('UnsupportedTokenizerFeatureException', `This program tells a model no ${chunk.type}.`, {
        param: `${param}[${index}]`,
      });
    });
  return texts.join('');
}

function callVariable({id, name, arguments: written}: ToolCall, {mark, argumentsAs}: VariableOptions): Json {
  const value = argumentsAs === 'object' ? jsonOrText(written) : written;
  const called = new Map<string, Json>([
    ['name', mark(name)],
    ['arguments', mapTexts(value, mark)],
  ]);
  return new Map<string, Json>([
    ['id', mark(id)],
    ['type', 'function'],
    ['function', called],
  ]);
}

/** The names of members that a template asks for stay as they are; inside a schema all are the request's. */
function toolVariable({name, description, parameters}: Tool, mark: (text: string) => string): Json {
  const described = new Map<string, Json>([
    ['name', mark(name)],
    ['description', mark(description)],
    ['parameters', mapTexts(parameters, mark)],
  ]);
  return new Map<string, Json>([
    ['type', 'function'],
    ['function', described],
  ]);
}

/** A user message, an answer and a user message: what stands between the last two ends an answer. */
export function turnsProbe(
  words: readonly [string, string, string],
  tokens: Readonly<Record<string, string>>,
): JsonObject {
  const [first, answer, next] = words;
  const messages = [
    {role: 'user', content: first},
    {role: 'assistant', content: answer},
    {role: 'user', content: next},
  ];
  const fixed = {messages, tools: null, documents: null, add_generation_prompt: true};
  return fromPlain({...tokens, ...fixed}) as JsonObject;
}
