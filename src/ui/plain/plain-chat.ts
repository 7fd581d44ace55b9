// A chat on a terminal without a screen: mistral-inference's prompt loop, with the commands of the screen. Lines are only
// ever added, so that it serves a screen reader too.

import {homedir} from 'node:os';
import {resolve} from 'node:path';
import {sanitise} from '../../base/terminal-text.ts';
import type {Backend} from '../../engine/contract/backend.ts';
import type {SamplingParams} from '../../engine/contract/sampling.ts';
import {contentText} from '../../engine/conversation/content-text.ts';
import type {Conversation, ConversationEvent} from '../../engine/conversation/conversation.ts';
import {TurnRecord} from '../../engine/conversation/last-turn.ts';
import type {Session} from '../../engine/conversation/session.ts';
import type {SessionFolder} from '../../engine/conversation/session-folder.ts';
import {SessionWriter} from '../../engine/conversation/session-writer.ts';
import {attachFiles} from '../chat/attach-files.ts';
import type {Ask, ChatContext, Settings} from '../chat/chat-context.ts';
import {type GivenTools, openConversation, takeTools} from '../chat/open-conversation.ts';
import type {Picker} from '../chat/picker.ts';
import {parseCommand, runCommand} from '../chat/slash/all-commands.ts';
import {type ToolHost, ToolRegistry} from '../chat/tool-registry.ts';
import {bareTheme, type Theme} from '../markdown/style.ts';
import {errorRows} from '../rows/end-row.ts';
import {toolCallRow, toolResultRow} from '../rows/tool-rows.ts';
import {lastMessages} from '../rows/transcript.ts';
import {PlainTerminal, type TerminalLines} from './plain-terminal.ts';
import {cutNote, RULE} from './write-answer.ts';

export interface PlainChatOptions {
  readonly backend: Backend;
  readonly sampling: SamplingParams;
  readonly system?: string;
  readonly terminal: TerminalLines;
  /** A screen reader reads along: whole sentences, no rules. */
  readonly spoken: boolean;
  readonly unicode: boolean;
  /** Where this chat is kept; one with messages is resumed. */
  readonly session: Session;
  readonly sessions?: SessionFolder;
  readonly toolHost: ToolHost;
  readonly tools?: GivenTools;
  readonly cwd: string;
  /** Aborted when the program is asked to end. */
  readonly stop: AbortSignal;
  /** Hands Ctrl-C to `handler` until the returned function is called. */
  readonly captureInterrupt: (handler: () => void) => () => void;
  /** Has the terminal copy a text; false when it cannot. */
  readonly copy: (text: string) => boolean;
  /** Monotonic, in milliseconds. */
  readonly now: () => number;
}

/** Chats until the person leaves or the input ends. Throws the reason of the stop when the program was stopped. */
export async function runPlainChat(options: PlainChatOptions): Promise<void> {
  await new PlainChat(options).run();
}

class PlainChat implements ChatContext {
  readonly screen = undefined;
  readonly theme: Theme;
  readonly settings: Settings;
  readonly tools: ToolRegistry;
  readonly last = new TurnRecord();
  readonly conversation: Conversation;
  folded = '';
  readonly #options: PlainChatOptions;
  readonly #terminal: PlainTerminal;
  readonly #writer: SessionWriter;
  #turn: AbortController | undefined;
  #thought = '';
  #left = false;

  constructor(options: PlainChatOptions) {
    this.#options = options;
    this.#terminal = new PlainTerminal(options.terminal, options.spoken);
    this.theme = bareTheme(options.unicode);
    this.settings = {sampling: options.sampling, showThoughts: false, certainty: false};
    this.tools = new ToolRegistry(options.toolHost, this);
    this.#writer = new SessionWriter(options.session, options.now);
    this.conversation = openConversation(options.backend, this, options.system);
  }

  async run(): Promise<void> {
    const {tools} = this.#options;
    this.recall();
    if (tools !== undefined) await takeTools(this, tools).catch((error: unknown) => this.#showError(error));
    while (!this.#left) {
      const line = await this.#terminal.ask('Prompt: ');
      if (line === undefined) {
        this.#terminal.write('\n');
        return;
      }
      if (line.trim() === '') continue;
      await this.#take(line).catch((error: unknown) => this.#showError(error));
      this.#keep();
    }
  }

  get backend(): Backend {
    return this.#options.backend;
  }

  get session(): Session {
    return this.#writer.session;
  }

  get sessions(): SessionFolder | undefined {
    return this.#options.sessions;
  }

  get columns(): number {
    return this.#terminal.columns;
  }

  print(...rows: string[]): void {
    this.#terminal.print(rows);
  }

  note(text: string): void {
    this.print(...text.split('\n'));
  }

  pick(picker: Picker): Promise<number | undefined> {
    return this.#terminal.pick(picker);
  }

  copy(text: string): boolean {
    return this.#options.copy(text);
  }

  path(name: string): string {
    return resolve(this.#options.cwd, name.replace(/^~(?=\/|$)/, homedir()));
  }

  stop(): void {
    this.#turn?.abort();
  }

  leave(): void {
    this.#left = true;
  }

  open(session: Session): void {
    this.#writer.session = session;
    this.conversation.reset(session.messages);
    this.note(`session ${session.info.id}`);
    this.recall();
  }

  /** The last messages as the loop has shown them. */
  recall(): void {
    const {earlier, last} = lastMessages(this.conversation.messages);
    if (earlier > 0) this.note(`${earlier} earlier messages`);
    for (const message of last) {
      const text = sanitise(contentText(message.content));
      if (message.role === 'user') this.note(`Prompt: ${text}`);
      else if (message.role === 'tool') this.print(toolResultRow(text, this.columns, this.theme));
      else if (message.role === 'assistant') {
        if (text !== '') this.note(text);
        this.print(...(message.toolCalls ?? []).map((call) => toolCallRow(call, this.columns, this.theme)));
        if (text !== '') this.#rule();
      }
    }
  }

  async answer(ask: Ask): Promise<void> {
    const turn = new AbortController();
    turn.signal.addEventListener('abort', () => this.#terminal.drop());
    this.#turn = turn;
    const release = this.#options.captureInterrupt(() => turn.abort());
    try {
      for await (const event of ask(AbortSignal.any([turn.signal, this.#options.stop]))) this.#show(event);
    } finally {
      release();
      this.#turn = undefined;
      this.#terminal.endLine();
    }
  }

  async #take(line: string): Promise<void> {
    const command = parseCommand(line);
    await (command === undefined ? this.#say(line) : runCommand(this, command));
    this.#options.stop.throwIfAborted();
  }

  async #say(line: string): Promise<void> {
    const {content, notes} = await attachFiles(line.replace(/^\/\//, '/'), (name) => this.path(name));
    for (const note of notes) this.note(note);
    await this.answer((signal) => this.conversation.send(content, signal));
  }

  #show(event: ConversationEvent): void {
    this.last.take(event, this.conversation.messages);
    if (event.type === 'reasoning') this.#think(event.text);
    else this.#endThought();
    switch (event.type) {
      case 'prompt':
        this.#keep();
        if (this.last.prefix !== '') this.#writer.append(this.last.prefix);
        break;
      case 'text':
        this.#writer.append(event.text);
        this.#terminal.say(event.text);
        break;
      case 'tool_call':
        this.print(toolCallRow(event.call, this.columns, this.theme));
        break;
      case 'tool_result':
        this.#keep();
        this.folded = event.content;
        this.print(toolResultRow(event.content, this.columns, this.theme));
        break;
      case 'finish': {
        this.#terminal.endAnswer();
        const note = cutNote(event, this.backend.model);
        if (note !== undefined) this.#terminal.complain(note);
        this.#rule();
      }
    }
  }

  /** Thoughts are silent unless asked for; /expand prints the last one. */
  #think(text: string): void {
    this.#thought += text;
    if (this.settings.showThoughts) this.#terminal.say(text);
  }

  #endThought(): void {
    if (this.#thought === '') return;
    this.folded = this.#thought;
    this.#thought = '';
    if (this.settings.showThoughts) this.#terminal.endAnswer();
  }

  #rule(): void {
    this.print(this.#options.spoken ? '' : RULE);
  }

  #keep(): void {
    this.#writer.update(this.conversation.messages);
    const problem = this.#writer.takeProblem();
    if (problem !== undefined) this.#terminal.complain(sanitise(problem));
  }

  /** A failure ends a turn, not the chat; only a stop ends that. */
  #showError(error: unknown): void {
    this.#options.stop.throwIfAborted();
    this.#terminal.complain(errorRows(error, this.theme).join('\n'));
  }
}
