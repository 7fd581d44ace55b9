// A chat on a terminal from its first frame to its last: messages, commands and answers around one conversation.

import {homedir} from 'node:os';
import {resolve} from 'node:path';
import {EngineError} from '../../base/errors.ts';
import {sanitise} from '../../base/terminal-text.ts';
import type {Backend} from '../../engine/contract/backend.ts';
import type {Conversation, ConversationEvent} from '../../engine/conversation/conversation.ts';
import {type Finish, TurnRecord} from '../../engine/conversation/last-turn.ts';
import type {Session} from '../../engine/conversation/session.ts';
import type {SessionFolder} from '../../engine/conversation/session-folder.ts';
import {SessionWriter} from '../../engine/conversation/session-writer.ts';
import {attachFiles} from '../chat/attach-files.ts';
import type {Ask, ChatContext, Settings} from '../chat/chat-context.ts';
import {openConversation, takeTools} from '../chat/open-conversation.ts';
import type {Item, Picker} from '../chat/picker.ts';
import {commandItems, parseCommand, runCommand} from '../chat/slash/all-commands.ts';
import {ToolRegistry} from '../chat/tool-registry.ts';
import {paint, type Theme} from '../markdown/style.ts';
import type {Effect, InputContext} from '../prompt/input.ts';
import {endRow, errorRows} from '../rows/end-row.ts';
import {modelLine, type Phase, type Status, withoutFigures} from '../rows/status-line.ts';
import {transcriptRows, userRows} from '../rows/transcript.ts';
import {AnswerView} from './answer-view.ts';
import type {ChatOptions} from './chat-options.ts';
import type {Host} from './draw/terminal.ts';
import {createHighlighter, type Highlighter} from './highlighter.ts';
import {PromptServices} from './prompt-services.ts';
import {Screen, type ScreenSource} from './screen.ts';
import {Turns} from './turns.ts';

interface Waiting {
  readonly text: string;
  readonly shown: string;
}

/** What keys ask for by their name alone. */
type PlainEffect = Exclude<NonNullable<Effect>['type'], 'send' | 'picked' | 'terminal-kitty'>;

/** How long to wait for an answer to stop when the person leaves. Milliseconds. */
const PATIENCE = 3000;

/**
 * Chats until the person leaves. Returns the exit code: 0, 130 when a load was interrupted, 129 when the terminal went.
 * Throws what loading the model throws; the terminal is as it was before in every case.
 */
export async function runChat(options: ChatOptions): Promise<number> {
  return await new ChatScreen(options).run();
}

class ChatScreen implements ScreenSource, ChatContext {
  readonly theme: Theme;
  readonly hint = 'Ask anything (/help, @file)';
  readonly #options: ChatOptions;
  readonly #host: Host;
  readonly #screen: Screen;
  readonly #turns: Turns;
  readonly #services: PromptServices;
  readonly #highlighter: Highlighter;
  readonly #commands: readonly Item[] = commandItems();
  /** Milliseconds between two frames of an answer: on few cores the model needs them more. */
  readonly #pace: number;
  readonly settings: Settings;
  readonly tools: ToolRegistry;
  readonly last = new TurnRecord();
  readonly screen = this;
  readonly sessions: SessionFolder | undefined;
  #loaded: {readonly backend: Backend; readonly conversation: Conversation} | undefined;
  #queue: Waiting[] = [];
  #rows: string[] = [];
  #phase: Phase = {kind: 'loading', fraction: undefined};
  readonly #writer: SessionWriter;
  #commandRuns = false;
  #leave: (code: number) => void = () => {};
  readonly #effects: Readonly<Record<PlainEffect, () => void>> = {
    interrupt: () => this.#interrupt(),
    escape: () => this.#escape(),
    'end-of-input': () => this.leave(),
    expand: () => this.print(...this.#services.expand(this.theme)),
    redraw: () => this.#screen.redraw(),
    search: () => this.#background(this.#services.search()),
    editor: () => this.#background(this.#services.edit()),
    suspend: () => this.#background(this.#screen.away(() => this.#host.suspend())),
    'list-files': () => this.#background(this.#services.listFiles()),
  };

  constructor(options: ChatOptions) {
    this.#options = options;
    this.#host = options.host;
    this.theme = options.theme;
    this.#writer = new SessionWriter(options.session, () => options.host.now());
    this.sessions = options.sessions;
    const {sampling} = options;
    this.settings = {sampling, showThoughts: false, certainty: false};
    this.#pace = options.still === true ? 250 : options.host.cores >= 8 ? 50 : 100;
    this.#highlighter = createHighlighter(options.theme);
    this.#screen = new Screen(options.host, this);
    this.#services = new PromptServices(this.#screen, options.host, options.history);
    this.tools = new ToolRegistry(options.toolHost, this);
    this.#turns = new Turns({
      begin: () => this.#beginTurn(),
      event: (event) => this.#onEvent(event),
      end: (error, finish) => this.#endTurn(error, finish),
    });
  }

  async run(): Promise<number> {
    const left = new Promise<number>((resolve) => {
      this.#leave = resolve;
    });
    this.#host.onHangup(() => this.#leave(129));
    this.#host.stop.addEventListener('abort', () => this.#leave(0));
    this.print(paint(this.#options.banner, this.theme.dim));
    this.#screen.show();
    try {
      this.#background(this.#screen.loadInk().then(() => this.#highlighter.load()));
      return await Promise.race([left, this.#load().then(() => left)]);
    } finally {
      this.#turns.stop();
      await Promise.race([this.#turns.settled(), new Promise((resolve) => setTimeout(resolve, PATIENCE).unref())]);
      this.#screen.close();
    }
  }

  get backend(): Backend {
    return this.#whenLoaded.backend;
  }

  get conversation(): Conversation {
    return this.#whenLoaded.conversation;
  }

  get #whenLoaded() {
    if (this.#loaded === undefined) throw new EngineError('usage', 'the model is not loaded yet');
    return this.#loaded;
  }

  get columns(): number {
    return Math.max(8, this.#screen.size.columns - 2);
  }

  get session(): Session {
    return this.#writer.session;
  }

  get streaming(): boolean {
    return this.#turns.busy;
  }

  context(): InputContext {
    return {history: this.#options.history.entries, commands: this.#commands, files: this.#services.files};
  }

  status(): Status {
    const model = this.#loaded?.backend.model;
    const {sampling} = this.settings;
    const phase = this.tools.phase ?? this.#turns.view?.phase ?? this.#phase;
    return {
      phase: this.#options.still === true ? withoutFigures(phase) : phase,
      model: model?.id ?? '',
      used: this.last.used,
      limit: model?.contextSize,
      temperature: sampling.temperature,
      seed: sampling.seed,
      queued: this.#queue.length,
      notice: this.#services.notice,
    };
  }

  finished(): readonly string[] {
    const rows = [...this.#rows, ...(this.#turns.view?.flush() ?? [])];
    this.#rows = [];
    return rows;
  }

  tail(limit: number): readonly string[] {
    return this.#options.still === true ? [] : (this.#turns.view?.tail(limit) ?? []);
  }

  resized(): void {
    this.#turns.view?.resize(this.columns);
  }

  print(...rows: string[]): void {
    this.#rows.push(...(this.#turns.view?.flush() ?? []), ...rows);
    this.#screen.drawSoon(0);
  }

  note(text: string): void {
    this.print(...text.split('\n').map((line) => paint(line, this.theme.dim)));
  }

  pick(picker: Picker): Promise<number | undefined> {
    return this.#screen.pick(picker);
  }

  get folded(): string {
    return this.#services.folded;
  }

  write(text: string): void {
    this.#services.write(text);
  }

  copy(text: string): boolean {
    return this.#services.copy(text);
  }

  path(name: string): string {
    return resolve(this.#host.cwd, name.replace(/^~(?=\/|$)/, homedir()));
  }

  stop(): void {
    this.#turns.stop();
  }

  leave(): void {
    this.#leave(0);
  }

  recall(): void {
    const {messages} = this.conversation;
    this.print(...transcriptRows(messages, this.columns, this.theme, this.#highlighter.highlight));
  }

  open(session: Session): void {
    this.#writer.session = session;
    this.conversation.reset(session.messages);
    this.note(`session ${session.info.id}`);
    this.recall();
  }

  answer(ask: Ask): Promise<void> {
    return this.#turns.run(ask);
  }

  effect(effect: NonNullable<Effect>): void {
    if (effect.type === 'send') this.#submit(effect.text, effect.shown);
    else if (effect.type !== 'picked' && effect.type !== 'terminal-kitty') this.#effects[effect.type]();
  }

  /** Work that a key started: its failure is shown, never thrown. */
  #background(work: Promise<void>): void {
    work.catch((error: unknown) => this.#showError(error));
  }

  async #load(): Promise<void> {
    // The frame is written before the library's import keeps this thread busy.
    await new Promise((resolve) => setImmediate(resolve));
    const backend = await this.#options.open(
      (text) => this.note(sanitise(text)),
      (fraction) => {
        this.#phase = {kind: 'loading', fraction};
        this.#screen.drawSoon(this.#pace);
      },
    );
    const {system, tools} = this.#options;
    this.#loaded = {backend, conversation: openConversation(backend, this, system)};
    this.note(`${sanitise(modelLine(backend.model, this.theme))}\n`);
    this.recall();
    this.#phase = {kind: 'idle'};
    if (tools !== undefined) await takeTools(this, tools).catch((error: unknown) => this.#showError(error));
    this.#next();
  }

  #submit(text: string, shown: string): void {
    this.#options.history.add(text);
    const command = parseCommand(text);
    if (command?.anytime === true) {
      this.#background(runCommand(this, command));
      return;
    }
    this.#queue.push({text, shown});
    this.#next();
  }

  /** Starts the oldest waiting message if nothing else runs. */
  #next(): void {
    if (this.#loaded === undefined || this.#turns.busy || this.#commandRuns) return;
    const waiting = this.#queue.shift();
    if (waiting === undefined) return;
    this.#commandRuns = true;
    const command = parseCommand(waiting.text);
    const work = command === undefined ? this.#say(waiting) : runCommand(this, command);
    const done = work
      .catch((error: unknown) => this.#showError(error))
      .then(() => {
        this.#keep();
        this.#commandRuns = false;
        this.#next();
      });
    this.#background(done);
  }

  async #say({text, shown}: Waiting): Promise<void> {
    this.print(...userRows(shown, this.theme));
    if (shown !== text) this.#services.folded = text;
    const {content, notes} = await attachFiles(text.replace(/^\/\//, '/'), (name) => this.path(name));
    for (const note of notes) this.note(note);
    const said = this.conversation.messages;
    await this.answer((signal) => this.conversation.send(content, signal));
    // A message that was refused is not lost: it comes back to be changed.
    if (this.conversation.messages === said && this.#screen.input.editor.text === '') this.write(text);
  }

  #keep(): void {
    this.#writer.update(this.conversation.messages);
    const problem = this.#writer.takeProblem();
    if (problem !== undefined) this.note(sanitise(problem));
  }

  #beginTurn(): AnswerView {
    return new AnswerView(this.columns, this.theme, {
      highlight: this.#highlighter.highlight,
      showThoughts: this.settings.showThoughts,
      now: () => this.#host.now(),
    });
  }

  #onEvent(event: ConversationEvent): void {
    this.last.take(event, this.conversation.messages);
    if (event.type === 'text') this.#writer.append(event.text);
    else if (event.type === 'prompt' || event.type === 'tool_result') this.#keep();
    if (event.type === 'tool_result') this.#services.folded = event.content;
    if (event.type === 'prompt' && this.last.prefix !== '') this.#writer.append(this.last.prefix);
    this.#screen.drawWith(this.#pace);
  }

  #endTurn(error: unknown, finish: Finish | undefined): void {
    const view = this.#turns.view;
    if (view !== undefined) {
      this.#rows.push(...view.breakOff());
      this.#services.folded = view.folded || this.#services.folded;
    }
    if (error !== undefined) this.#showError(error);
    else if (finish !== undefined) {
      const continuable = this.conversation.messages.at(-1)?.role === 'assistant';
      this.print(endRow(finish, this.theme, continuable), '');
    }
  }

  #showError(error: unknown): void {
    this.print(...errorRows(error, this.theme));
  }

  #interrupt(): void {
    if (this.#turns.stop()) return;
    const {input} = this.#screen;
    if (input.editor.text !== '') {
      this.write('');
      return;
    }
    if (this.#services.twice('interrupt')) {
      this.#leave(this.#loaded === undefined ? 130 : 0);
      return;
    }
    this.#services.notify('press Ctrl+C again to leave');
  }

  /** Stops the answer and gives waiting messages back to the prompt; twice on an empty prompt edits the last message. */
  #escape(): void {
    const stopped = this.#turns.stop();
    const waiting = this.#queue.splice(0).map(({text}) => text);
    const {text} = this.#screen.input.editor;
    if (waiting.length > 0) {
      this.write([...waiting, ...(text === '' ? [] : [text])].join('\n'));
      return;
    }
    if (stopped || text !== '') return;
    if (this.#services.twice('escape')) {
      this.#submit('/edit', '/edit');
      return;
    }
  }
}
