// One normalised message as token ids: control tokens around plainly encoded text.
import {dumpsJson, type Json, type JsonObject} from '../../../base/json.ts';
import {Refusal} from '../../contract/refusal.ts';
import {
  type Content,
  type ContentChunk,
  contentText,
  type SystemMessage,
  type Token,
  type Tool,
  type ToolCall,
  type ToolMessage,
  type UserMessage,
} from '../../contract/requests.ts';
import type {TemplateRow} from '../../contract/templates.ts';
import type {Tokenizer} from '../../contract/tokenizer.ts';
import {NO_ID} from '../../contract/tool-names.ts';
import {toolToWire} from '../../wire/write-messages.ts';
import {jsonOrText, type NormalisedAssistant, type NormalisedMessage} from './normalise.ts';

/** What the first or last user message carries for the whole conversation. */
interface Preamble {
  readonly tools: readonly Tool[];
  readonly systemPrompt: string;
  readonly settings: JsonObject | undefined;
}

export interface MessagePosition {
  readonly isFirstUser: boolean;
  readonly isLastUser: boolean;
}

export class MessageEncoder {
  private readonly tokenizer: Tokenizer;
  private readonly row: TemplateRow;
  private readonly preamble: Preamble;

  constructor(tokenizer: Tokenizer, row: TemplateRow, preamble: Preamble) {
    this.tokenizer = tokenizer;
    this.row = row;
    this.preamble = preamble;
  }

  /** @throws Refusal when the template or the vocabulary has no form for the message. */
  encode(message: NormalisedMessage, position: MessagePosition): Token[] {
    switch (message.role) {
      case 'system':
        return this.system(message);
      case 'user':
        return this.user(message, position);
      case 'assistant':
        return this.assistant(message);
      case 'tool':
        return this.toolResult(message);
    }
  }

  private system(message: SystemMessage): Token[] {
    return this.between('[SYSTEM_PROMPT]', this.content(message.content), '[/SYSTEM_PROMPT]');
  }

  private user(message: UserMessage, position: MessagePosition): Token[] {
    const {row} = this;
    const carriesSystem = row.systemPrompt === 'first-user' ? position.isFirstUser : position.isLastUser;
    const system = carriesSystem && this.preamble.systemPrompt !== '' ? `${this.preamble.systemPrompt}\n\n` : '';
    const content = typeof message.content === 'string' ? system + message.content : message.content;
    if (row.instructionMarkers === 'text') return this.text(`[INST] ${contentText(content)} [/INST]`);
    const carriesTools = row.availableTools === 'last-user' ? position.isLastUser : position.isFirstUser;
    return [
      ...(carriesTools ? this.toolsAndSettings() : []),
      ...this.between('[INST]', this.content(content), '[/INST]'),
    ];
  }

  /** Behind a prefix, which the model goes on with, no end-of-sequence token follows. */
  private assistant(message: NormalisedAssistant): Token[] {
    const {content, toolCalls} = message;
    if (content.length === 0 && toolCalls.length === 0) {
      throw new Refusal('TokenizerException', 'An assistant message needs text or tool calls.', {param: 'messages'});
    }
    const end = message.prefix ? [] : [this.tokenizer.eos];
    return [...this.assistantText(content), ...this.toolCalls(toolCalls), ...end];
  }

  private toolResult(message: ToolMessage): Token[] {
    return this.between('[TOOL_RESULTS]', this.resultBody(message), '[/TOOL_RESULTS]');
  }

  private toolsAndSettings(): Token[] {
    const {tools, settings} = this.preamble;
    const list = tools.length > 0 && this.row.availableTools !== 'none' ? this.json(tools.map(toolToWire)) : undefined;
    return [
      ...(list ? this.between('[AVAILABLE_TOOLS]', list, '[/AVAILABLE_TOOLS]') : []),
      ...(settings ? this.between('[MODEL_SETTINGS]', this.json(settings), '[/MODEL_SETTINGS]') : []),
    ];
  }

  private assistantText(content: Content): Token[] {
    if (typeof content !== 'string') return this.content(content);
    return this.text(this.row.assistantTrailingSpaces === 'trimmed' ? trimSpaces(content) : content);
  }

  private toolCalls(calls: readonly ToolCall[]): Token[] {
    if (calls.length === 0) return [];
    switch (this.row.toolCalls) {
      case 'none':
        throw new Refusal('TokenizerException', 'This template version knows no tools.', {param: 'messages'});
      case 'json':
      case 'json-id': {
        const withId = this.row.toolCalls === 'json-id';
        return [this.control('[TOOL_CALLS]'), ...this.json(calls.map((call) => callJson(call, withId)))];
      }
      case 'args-id':
      case 'args':
        return calls.flatMap((call) => this.callWithArgs(call));
    }
  }

  private callWithArgs(call: ToolCall): Token[] {
    const writesId = this.row.toolCalls === 'args-id';
    return [
      this.control('[TOOL_CALLS]'),
      ...this.text(call.name),
      ...(writesId ? [this.control('[CALL_ID]'), ...this.text(call.id)] : []),
      this.control('[ARGS]'),
      ...this.json(jsonOrText(call.arguments)),
    ];
  }

  private resultBody(message: ToolMessage): Token[] {
    const {content, toolCallId = NO_ID, name = null} = message;
    switch (this.row.toolResults) {
      case 'none':
        throw new Refusal('TokenizerException', 'This template version knows no tools.', {param: 'messages'});
      case 'json-list':
        return this.json([jsonObject(['name', name], ['content', jsonOrText(contentText(content))])]);
      case 'json':
        return this.json(jsonObject(['content', jsonOrText(contentText(content))], ['call_id', toolCallId]));
      case 'id-text':
        return [...this.text(toolCallId), this.control('[TOOL_CONTENT]'), ...this.content(content)];
      case 'text':
        return this.content(content);
    }
  }

  private content(content: Content): Token[] {
    return typeof content === 'string' ? this.text(content) : content.flatMap((chunk) => this.chunk(chunk));
  }

  private chunk(chunk: ContentChunk): Token[] {
    switch (chunk.type) {
      case 'text':
        return this.text(chunk.text);
      case 'thinking': {
        if (this.row.thinking === 'refused') {
          throw new Refusal('TokenizerException', 'This template version does not support thinking.', {
            param: 'messages',
          });
        }
        const thought = [this.control('[THINK]'), ...this.text(chunk.thinking)];
        return chunk.closed ? [...thought, this.control('[/THINK]')] : thought;
      }
      default:
        throw new Refusal(
          'UnsupportedTokenizerFeatureException',
          `A chunk of type ${chunk.type} cannot be read: text only.`,
          {
            param: 'messages',
          },
        );
    }
  }

  private between(open: string, body: readonly Token[], close: string): Token[] {
    return [this.control(open), ...body, this.control(close)];
  }

  private json(json: Json): Token[] {
    return this.text(dumpsJson(json));
  }

  private text(text: string): Token[] {
    return this.tokenizer.encode(text);
  }

  private control(text: string): Token {
    const id = this.tokenizer.controlId(text);
    if (id !== undefined) return id;
    throw new Refusal('UnsupportedTokenizerFeatureException', `The model's vocabulary has no token ${text}.`, {
      hint: 'Choose the template version that fits the model with --template.',
    });
  }
}

/** An object with its members in this order. */
function jsonObject(...members: readonly (readonly [key: string, value: Json])[]): JsonObject {
  return new Map(members);
}

function callJson(call: ToolCall, withId: boolean): JsonObject {
  const id = withId ? ([['id', call.id]] as const) : [];
  return jsonObject(['name', call.name], ['arguments', jsonOrText(call.arguments)], ...id);
}

/** Python's `rstrip(' ')`; a regular expression would be quadratic on long runs of spaces. */
function trimSpaces(text: string): string {
  let end = text.length;
  while (text[end - 1] === ' ') end -= 1;
  return text.slice(0, end);
}
