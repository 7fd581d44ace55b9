// A chat at a terminal without a screen: the classic prompt loop, with the commands of the screen. Lines are only
// ever added, so that it serves a screen reader too.

import type {Backend} from '../../engine/contract/backend.ts';
import type {Message} from '../../engine/contract/requests.ts';
import {contentText} from '../../engine/contract/requests.ts';
import type {ConversationEvent} from '../../engine/conversation/conversation.ts';
import type {Finish} from '../../engine/conversation/last-turn.ts';
import {ChatCore} from '../chat/chat-core.ts';
import type {ChatEvent, ChatFace} from '../chat/chat-face.ts';
import type {ChatHost, ChatOptions} from '../chat/chat-options.ts';
import type {Picker} from '../chat/picker.ts';
import {bareTheme, type Theme} from '../markdown/style.ts';
import {contextSentences} from '../rows/context-note.ts';
import {errorRows, statsTexts} from '../rows/end-row.ts';
import {toolCallRow, toolResultRow} from '../rows/tool-rows.ts';
import {lastMessages} from '../rows/transcript.ts';
import {PlainTerminal, type TerminalLines} from './plain-terminal.ts';
import {endNotes, RULE} from './write-answer.ts';

export interface PlainChatOptions extends ChatHost, Omit<ChatOptions, 'host' | 'open' | 'theme'> {
  readonly backend: Backend;
  readonly terminal: TerminalLines;
  /** A screen reader reads along: whole sentences, no rules. */
  readonly screenReader: boolean;
  readonly unicode: boolean;
  /** Aborted when the program is asked to end. */
  readonly stop: AbortSignal;
  /** Hands Ctrl-C to `handler` until the returned function is called. */
  readonly captureInterrupt: (handler: () => void) => () => void;
  /** Has the terminal copy a text; false when it cannot. */
  readonly copy: (text: string) => boolean;
  /** Rings the terminal's bell. */
  readonly bell: () => void;
}

/** An answer that took less is waited for. Milliseconds. */
const LONG = 5000;

/**
 * Chats until the person leaves or the input ends. Returns the backend that answered last: /model may have closed the first.
 * @throws the reason of the stop when the program was stopped.
 */
export async function runPlainChat(options: PlainChatOptions): Promise<Backend> {
  const chat = new PlainChat(options);
  await chat.run();
  return chat.backend;
}

class PlainChat implements ChatFace {
  readonly prompt = undefined;
  readonly #options: PlainChatOptions;
  readonly #terminal: PlainTerminal;
  readonly #theme: Theme;
  readonly #core: ChatCore;
  /** Gives Ctrl-C back. */
  #release = () => {};
  /** When the turn began. */
  #begunAt = 0;
  /** A thought is being written. */
  #thinking = false;

  constructor(options: PlainChatOptions) {
    this.#options = options;
    this.#terminal = new PlainTerminal(options.terminal, options.screenReader);
    this.#theme = bareTheme(options.unicode);
    this.#core = new ChatCore({...options, host: options, open: async () => options.backend, theme: this.#theme}, this);
  }

  get backend(): Backend {
    return this.#core.backend;
  }

  async run(): Promise<void> {
    const {stop} = this.#options;
    stop.addEventListener('abort', () => this.#interrupt());
    await this.#core.load();
    while (!this.#core.hasLeft) {
      stop.throwIfAborted();
      const line = await this.#terminal.ask('Prompt: ');
      if (line === undefined) {
        this.#terminal.write('\n');
        return;
      }
      if (line.trim() !== '') this.#core.submit(line);
      await this.#core.idle();
    }
    stop.throwIfAborted();
  }

  get columns(): number {
    return this.#terminal.columns;
  }

  pick(picker: Picker): Promise<number | undefined> {
    if (picker.question === true) this.#ring();
    return this.#terminal.pick(picker);
  }

  away<T>(run: () => Promise<T>): Promise<T> {
    this.#terminal.endLine();
    return run();
  }

  copy(text: string): boolean {
    return this.#options.copy(text);
  }

  show(event: ChatEvent): void {
    switch (event.type) {
      case 'event':
        this.#showAnswer(event.event);
        break;
      case 'begin':
        this.#begunAt = this.#options.now();
        this.#release = this.#options.captureInterrupt(() => this.#interrupt());
        break;
      case 'end':
        this.#release();
        this.#terminal.endLine();
        if (event.finish?.reason !== 'aborted' && this.#options.now() - this.#begunAt >= LONG) this.#ring();
        if (event.error !== undefined) this.#complain(event.error);
        break;
      case 'rows':
        this.#terminal.print(event.rows);
        break;
      case 'note':
        this.#terminal.print(event.text.split('\n'));
        break;
      case 'warning':
        this.#terminal.complain(event.text);
        break;
      case 'error':
        this.#complain(event.error);
        break;
      case 'recall':
        this.#recall(event.messages);
        break;
      // The line that was typed stands there already, and nothing is shown that would have to be changed.
      case 'said':
      case 'activity':
      case 'loading':
      case 'ready':
        break;
    }
  }

  /** The last messages as the loop has shown them. */
  #recall(messages: readonly Message[]): void {
    const {earlier, last} = lastMessages(messages);
    if (earlier > 0) this.#terminal.print([`${earlier} earlier messages`]);
    for (const message of last) {
      const text = contentText(message.content);
      if (message.role === 'user') this.#terminal.print(`Prompt: ${text}`.split('\n'));
      else if (message.role === 'tool') this.#terminal.print([toolResultRow(text, this.columns, this.#theme)]);
      else if (message.role === 'assistant') {
        if (text !== '') this.#terminal.print(text.split('\n'));
        this.#terminal.print((message.toolCalls ?? []).map((call) => toolCallRow(call, this.columns, this.#theme)));
        if (text !== '') this.#rule();
      }
    }
  }

  #showAnswer(event: ConversationEvent): void {
    if (event.type === 'reasoning') this.#think(event.text);
    else this.#endThought();
    switch (event.type) {
      case 'context':
        for (const text of contextSentences(event)) this.#terminal.complain(text);
        break;
      case 'text':
        this.#terminal.say(event.text);
        break;
      case 'tool_call':
        this.#terminal.print([toolCallRow(event.call, this.columns, this.#theme)]);
        break;
      case 'tool_result':
        this.#terminal.print([toolResultRow(event.content, this.columns, this.#theme)]);
        break;
      case 'finish': {
        this.#terminal.endAnswer();
        for (const note of endNotes(event, this.#core.backend.model)) this.#terminal.complain(note);
        this.#terminal.print(this.#statsRows(event));
        this.#rule();
      }
    }
  }

  /** Nothing is known of the window, and nothing else is written: only for those who ask for it. */
  #ring(): void {
    if (this.#core.settings.notify === 'always') this.#options.bell();
  }

  #statsRows(finish: Finish): string[] {
    const texts = statsTexts(finish, this.#core.settings.stats);
    return texts.length === 0 ? [] : [texts.join(` ${this.#theme.dot} `)];
  }

  /** Thoughts are silent unless asked for; /expand prints the last one. */
  #think(text: string): void {
    this.#thinking = true;
    if (this.#core.settings.showThoughts) this.#terminal.say(text);
  }

  #endThought(): void {
    if (this.#thinking && this.#core.settings.showThoughts) this.#terminal.endAnswer();
    this.#thinking = false;
  }

  #rule(): void {
    this.#terminal.print([this.#options.screenReader ? '' : RULE]);
  }

  /** A failure ends a turn, not the chat; when the program was stopped, the stop is what went wrong. */
  #complain(error: unknown): void {
    if (!this.#options.stop.aborted) this.#terminal.complain(errorRows(error, this.#theme).join('\n'));
  }

  /** Stops the answer, and gives up a question that waits for a line. */
  #interrupt(): void {
    this.#core.stop();
    this.#terminal.drop();
  }
}
