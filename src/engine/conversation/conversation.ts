// Owner of the messages of one chat: sends, folds the events into messages, runs tools, goes back and on.

import {EngineError} from '../../base/errors.ts';
import {reasonOf} from '../../base/files/file-error.ts';
import type {Backend, GenerationEvent, ParsedToolCall} from '../contract/backend.ts';
import {AnswerFold} from '../contract/collect-answer.ts';
import {
  type AssistantMessage,
  type ChatCompletionRequest,
  type Content,
  type ContentChunk,
  contentText,
  type Message,
  type ToolMessage,
  type UserMessage,
} from '../contract/requests.ts';
import {historyToSend} from '../template/resend-history.ts';
import type {ContextEvent, ContextPolicy} from './context/context-policy.ts';
import {type Compacted, ContextWindow} from './context/context-window.ts';
import type {Window} from './context/window.ts';

/** Runs one tool call; the answer goes to the model as it is. What it throws is told to the model too. */
export type ToolRunner = (call: ParsedToolCall, signal: AbortSignal) => Promise<string>;

export interface ConversationOptions {
  readonly backend: Backend;
  /** Everything of a request but its messages; read anew for each turn. */
  readonly settings: () => Omit<ChatCompletionRequest, 'messages'>;
  /** Whether the thoughts of earlier answers are left out of a request; read anew for each turn. */
  readonly dropThoughts?: () => boolean;
  /** What becomes of a chat that grows beyond the context; read anew for each turn. Default `stop`: it is refused. */
  readonly contextPolicy?: () => ContextPolicy;
  readonly messages?: readonly Message[];
  /** The part of the messages that the model is told; absent: all. */
  readonly window?: Window | undefined;
  readonly runTool?: ToolRunner;
  /** How many times in a row the model may call tools before the turn ends. Default 8. */
  readonly maxToolRounds?: number;
  /** Asks, when it has called that often, whether it may as often again; absent: the turn ends. */
  readonly goOn?: (rounds: number, signal: AbortSignal) => Promise<boolean>;
}

/** A turn's events: those of its answers, and between them what the tools said. `finish` comes once, at the end. */
export type ConversationEvent =
  | GenerationEvent
  | ContextEvent
  | {readonly type: 'tool_result'; readonly call: ParsedToolCall; readonly content: string; readonly failed: boolean};

const DEFAULT_TOOL_ROUNDS = 8;

export class Conversation {
  readonly #options: ConversationOptions;
  readonly #context: ContextWindow;
  #messages: Message[];
  /** The messages at the time of the last summary, which can be taken back until there are others. */
  #compacted: readonly Message[] | undefined;

  constructor(options: ConversationOptions) {
    const {backend, contextPolicy = () => 'stop', messages = [], window} = options;
    this.#options = options;
    this.#context = new ContextWindow(backend, contextPolicy);
    this.#context.reset(window);
    this.#messages = [...messages];
  }

  get messages(): readonly Message[] {
    return this.#messages;
  }

  /** The part of the messages that the model is told; undefined: all. */
  get window(): Window | undefined {
    return this.#context.window;
  }

  /** The messages that the model is told, with the summary that stands for others. */
  get told(): readonly Message[] {
    return this.#context.told(this.#messages);
  }

  /** Replaces the history, as loading a session or switching a branch does. */
  reset(messages: readonly Message[], window?: Window): void {
    this.#messages = [...messages];
    this.#context.reset(window);
  }

  /** Sets, replaces or (undefined) removes the system prompt at the top. */
  setSystem(content: Content | undefined): void {
    const rest = this.#messages[0]?.role === 'system' ? this.#messages.slice(1) : this.#messages;
    this.#messages = content === undefined ? [...rest] : [{role: 'system', content}, ...rest];
  }

  /**
   * Appends what the user says (or messages, such as tool results of the caller's own) and streams the answer. A
   * partial answer stays when the signal aborts. When the backend refuses before answering, the history is as before.
   * @throws EngineError
   */
  async *send(input: string | readonly Message[], signal: AbortSignal): AsyncGenerator<ConversationEvent> {
    const before = this.#messages;
    const added: readonly Message[] = typeof input === 'string' ? [{role: 'user', content: input}] : input;
    this.#messages = [...before, ...added];
    const sent = this.#messages;
    try {
      yield* this.#turn(signal);
    } catch (error) {
      if (this.#messages === sent) {
        this.#messages = before;
        // A summary of what was before is one still.
        this.#context.retreat(before);
      }
      throw error;
    }
  }

  /**
   * Answers the last user message again; the old answer is dropped, also when the new one fails.
   * @throws EngineError `invalid_request` when there is nothing to answer.
   */
  async *regenerate(signal: AbortSignal): AsyncGenerator<ConversationEvent> {
    this.#messages = this.#messages.slice(0, this.#lastUser() + 1);
    yield* this.#turn(signal);
  }

  /**
   * Goes on with the last answer where it ended.
   * @throws EngineError `invalid_request` when the last message is no answer in words.
   */
  async *continue(signal: AbortSignal): AsyncGenerator<ConversationEvent> {
    const last = this.#messages.at(-1);
    if (last?.role !== 'assistant' || last.toolCalls?.length || contentText(last.content).trim() === '') {
      throw new EngineError('invalid_request', 'there is no answer to continue', {hint: 'Send a message first.'});
    }
    // The templates cut trailing spaces of a prefix, and the model writes its own: kept ones would be doubled.
    const prefix = withoutTrailingSpaces(last.content ?? '');
    this.#messages = [...this.#messages.slice(0, -1), {role: 'assistant', content: prefix, prefix: true}];
    yield* this.#turn(signal, prefix);
  }

  /** Takes back the last user message and all that followed; answers its text, or undefined when there was none. */
  undo(): string | undefined {
    const at = this.#messages.findLastIndex(({role}) => role === 'user');
    if (at < 0) return undefined;
    const message = this.#messages[at] as UserMessage;
    this.#messages = this.#messages.slice(0, at);
    this.#context.retreat(this.#messages);
    return contentText(message.content);
  }

  /** Says something else instead of the last user message. */
  async *edit(text: string, signal: AbortSignal): AsyncGenerator<ConversationEvent> {
    this.#lastUser();
    this.undo();
    yield* this.send(text, signal);
  }

  /**
   * Has the model sum up the chat: from then on it is told the summary and the last turn. `keep` = what must not be missing. The
   * events are those of the summary; undefined when it was stopped. Then, and when it fails, nothing has changed.
   * @throws EngineError `usage` when there is nothing to sum up; what the backend throws.
   */
  async *compact(keep: string, signal: AbortSignal): AsyncGenerator<GenerationEvent, Compacted | undefined> {
    const compacted = yield* this.#context.compact(this.#messages, this.#ask, keep, signal);
    if (compacted !== undefined) this.#compacted = this.#messages;
    return compacted;
  }

  /** Takes back the summary, if nothing was said since; whether there was one. */
  undoCompact(): boolean {
    if (this.#compacted !== this.#messages) return false;
    this.#compacted = undefined;
    this.#context.stepBack();
    return true;
  }

  #lastUser(): number {
    const at = this.#messages.findLastIndex(({role}) => role === 'user');
    if (at < 0) throw new EngineError('invalid_request', 'nothing was said yet', {hint: 'Send a message first.'});
    return at;
  }

  async *#turn(signal: AbortSignal, prefix?: Content): AsyncGenerator<ConversationEvent> {
    const {runTool, maxToolRounds = DEFAULT_TOOL_ROUNDS, goOn} = this.#options;
    let most = maxToolRounds;
    for (let round = 0; ; round++) {
      const answer = new AnswerFold();
      const continued = round === 0 ? prefix : undefined;
      try {
        for await (const event of this.#context.answer(this.#messages, this.#ask, signal)) {
          if (event.type !== 'context') answer.add(event);
          if (event.type !== 'finish') yield event;
        }
      } finally {
        this.#keep(messageOf(answer, continued), continued !== undefined);
      }
      const {finish, toolCalls} = answer;
      if (!finish) throw new EngineError('backend_failed', 'the answer broke off');
      if (finish.reason !== 'tool_calls' || !runTool) {
        yield finish;
        return;
      }
      if (round >= most) {
        if (goOn === undefined || !(await goOn(round, signal))) {
          yield finish;
          return;
        }
        most += maxToolRounds;
      }
      yield* this.#runTools(toolCalls, runTool, signal);
      if (signal.aborted) {
        yield {...finish, reason: 'aborted'};
        return;
      }
    }
  }

  /** The request that tells these messages. */
  readonly #ask = (told: readonly Message[]): ChatCompletionRequest => {
    const {backend, settings, dropThoughts} = this.#options;
    const messages = historyToSend(told, backend.model.template, {dropThoughts: dropThoughts?.() ?? false});
    return {...settings(), messages};
  };

  #keep(message: AssistantMessage | undefined, replacesLast: boolean): void {
    if (!message) return;
    this.#messages = [...(replacesLast ? this.#messages.slice(0, -1) : this.#messages), message];
  }

  /** Every call gets a result, also after an abort: the templates refuse a history with calls left open. */
  async *#runTools(
    calls: readonly ParsedToolCall[],
    runTool: ToolRunner,
    signal: AbortSignal,
  ): AsyncGenerator<ConversationEvent> {
    for (const call of calls) {
      const {content, failed} = await resultOf(call, runTool, signal);
      const message: ToolMessage = {role: 'tool', content, toolCallId: call.id, name: call.name};
      this.#messages = [...this.#messages, message];
      yield {type: 'tool_result', call, content, failed};
    }
  }
}

async function resultOf(
  call: ParsedToolCall,
  runTool: ToolRunner,
  signal: AbortSignal,
): Promise<{content: string; failed: boolean}> {
  if (signal.aborted) return {content: 'Error: the user stopped this call.', failed: true};
  if (call.problem !== undefined) return {content: `Error: ${call.problem}`, failed: true};
  try {
    return {content: await runTool(call, signal), failed: false};
  } catch (error) {
    if (signal.aborted) return {content: 'Error: the user stopped this call.', failed: true};
    return {content: `Error: ${reasonOf(error)}`, failed: true};
  }
}

/** The answer as a message that goes on from `prefix`; undefined when nothing was said. */
function messageOf(
  {content: said, reasoning, toolCalls}: AnswerFold,
  prefix: Content = '',
): AssistantMessage | undefined {
  const text = contentText(prefix) + said;
  const chunks: ContentChunk[] = typeof prefix === 'string' ? [] : prefix.filter(({type}) => type !== 'text');
  if (reasoning !== '') {
    chunks.push({type: 'thinking', thinking: reasoning, closed: text !== '' || toolCalls.length > 0});
  }
  if (chunks.length > 0 && text !== '') chunks.push({type: 'text', text});
  const content = chunks.length > 0 ? chunks : text;
  if (content.length === 0 && toolCalls.length === 0) return undefined;
  const calls = toolCalls.map(({id, name, arguments: args}) => ({id, name, arguments: args}));
  return {
    role: 'assistant',
    ...(content.length > 0 && {content}),
    ...(calls.length > 0 && {toolCalls: calls}),
  };
}

function withoutTrailingSpaces(content: Content): Content {
  if (typeof content === 'string') return trimmed(content);
  return content.map((chunk, index) =>
    chunk.type === 'text' && index === content.length - 1 ? {...chunk, text: trimmed(chunk.text)} : chunk,
  );
}

/** Without blanks at the end. No pattern does this in linear time: it would begin anew at each blank of a long run. */
function trimmed(text: string): string {
  let end = text.length;
  while (text[end - 1] === ' ') end--;
  return text.slice(0, end);
}
