// A chat on a terminal from its first frame to its last: messages, commands and answers around one conversation.
import {homedir} from 'node:os';
import {resolve} from 'node:path';
import type {Backend, TokenLogprob} from '../../engine/backend.ts';
import {Conversation, type ConversationEvent} from '../../engine/conversation.ts';
import {EngineError} from '../../engine/errors.ts';
import type {SamplingParams} from '../../engine/sampling.ts';
import {paint, type Theme} from '../markdown/style.ts';
import {sanitise} from '../sanitise.ts';
import {expandTabs} from '../text.ts';
import {AnswerView, endRow} from './answer.ts';
import {attachFiles} from './attach.ts';
import type {Ask, Chat, Finish, Settings} from './chat.ts';
import {clipboardSequence} from './clipboard.ts';
import {composeInEditor} from './compose.ts';
import {listFiles} from './files.ts';
import type {Item} from './frame.ts';
import {createHighlighter, type Highlighter} from './highlighter.ts';
import type {History} from './history.ts';
import {type Effect, type InputContext, type Picker, refreshCompletion, withText} from './input.ts';
import {unfold} from './pastes.ts';
import {Screen, type ScreenSource} from './screen.ts';
import {commandItems, parseCommand, runCommand} from './slash.ts';
import type {Phase, Status} from './status.ts';
import type {Host} from './terminal.ts';
import {Turns} from './turns.ts';

export interface ChatOptions {
  readonly host: Host;
  /**
   * Loads the model, once the first frame is shown; messages typed meanwhile wait for it. `note` shows a line to the
   * person, `onProgress` how much is loaded, 0 to 1.
   */
  readonly open: (note: (text: string) => void, onProgress: (fraction: number) => void) => Promise<Backend>;
  readonly sampling: SamplingParams;
  readonly system?: string;
  /** The first line, above everything. */
  readonly banner: string;
  readonly history: History;
  readonly theme: Theme;
}

interface Waiting {
  readonly text: string;
  readonly shown: string;
}

/** A second Ctrl-C or Esc within this time is the second of two. Milliseconds. */
const TWICE = 1000;
/** How long to wait for an answer to stop when the person leaves. Milliseconds. */
const PATIENCE = 3000;

/**
 * Chats until the person leaves. Returns the exit code: 0, 130 when a load was interrupted, 129 when the terminal went.
 * Throws what loading the model throws; the terminal is as it was before in every case.
 */
export async function runChat(options: ChatOptions): Promise<number> {
  return await new ChatScreen(options).run();
}

class ChatScreen implements ScreenSource, Chat {
  readonly theme: Theme;
  readonly hint = 'Ask anything (@file attaches a file, /help lists the commands)';
  readonly #options: ChatOptions;
  readonly #host: Host;
  readonly #screen: Screen;
  readonly #turns: Turns;
  readonly #highlighter: Highlighter;
  readonly #commands: readonly Item[] = commandItems();
  /** How often a streaming answer is drawn: on few cores the model needs them more. Milliseconds. */
  readonly #pace: number;
  readonly settings: Settings;
  #loaded: {readonly backend: Backend; readonly conversation: Conversation} | undefined;
  #files: readonly Item[] | undefined;
  #queue: Waiting[] = [];
  #rows: string[] = [];
  #phase: Phase = {kind: 'loading', fraction: undefined};
  #notice: string | undefined;
  #noticeTimer: NodeJS.Timeout | undefined;
  #interruptedAt = -Infinity;
  #escapedAt = -Infinity;
  #folded = '';
  #used = 0;
  #finish: Finish | undefined;
  #logprobs: TokenLogprob[] = [];
  #prompt: readonly number[] = [];
  #commandRuns = false;
  #leave: (code: number) => void = () => {};

  constructor(options: ChatOptions) {
    this.#options = options;
    this.#host = options.host;
    this.theme = options.theme;
    const {sampling} = options;
    this.settings = {sampling, tools: undefined, toolChoice: undefined, showThoughts: false, heat: false};
    this.#pace = options.host.cores >= 8 ? 50 : 100;
    this.#highlighter = createHighlighter(options.theme);
    this.#screen = new Screen(options.host, this);
    this.#turns = new Turns({
      begin: () => this.#beginTurn(),
      event: (event) => this.#onEvent(event),
      end: (error) => this.#endTurn(error),
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

  get lastFinish(): Finish | undefined {
    return this.#finish;
  }

  get lastLogprobs(): readonly TokenLogprob[] {
    return this.#logprobs;
  }

  get lastPrompt(): readonly number[] {
    return this.#prompt;
  }

  get streaming(): boolean {
    return this.#turns.busy;
  }

  context(): InputContext {
    return {history: this.#options.history.entries, commands: this.#commands, files: this.#files};
  }

  status(): Status {
    const model = this.#loaded?.backend.model;
    const {sampling} = this.settings;
    return {
      phase: this.#turns.view?.phase ?? this.#phase,
      model: model?.id ?? '',
      used: this.#used,
      limit: model?.contextSize,
      temperature: sampling.temperature,
      seed: sampling.seed,
      queued: this.#queue.length,
      notice: this.#notice,
    };
  }

  finished(): readonly string[] {
    const rows = [...this.#rows, ...(this.#turns.view?.flush() ?? [])];
    this.#rows = [];
    return rows;
  }

  tail(limit: number): readonly string[] {
    return this.#turns.view?.tail(limit) ?? [];
  }

  resized(): void {
    this.#turns.view?.resize(this.columns);
  }

  print(...rows: string[]): void {
    this.#rows.push(...rows);
    this.#screen.drawSoon(0);
  }

  note(text: string): void {
    this.print(...text.split('\n').map((line) => paint(line, this.theme.dim)));
  }

  pick(picker: Picker): Promise<number | undefined> {
    return this.#screen.pick(picker);
  }

  write(text: string): void {
    this.#screen.input = withText(this.#screen.input, text);
    this.#screen.drawSoon(0);
  }

  copy(text: string): boolean {
    const sequence = clipboardSequence(text, this.#host.env.TMUX !== undefined);
    if (sequence === undefined) return false;
    this.#host.stdout.write(sequence);
    return true;
  }

  path(name: string): string {
    return resolve(this.#host.cwd, name.replace(/^~(?=\/|$)/, homedir()));
  }

  leave(): void {
    this.#leave(0);
  }

  answer(ask: Ask): Promise<void> {
    return this.#turns.run(ask);
  }

  effect(effect: NonNullable<Effect>): void {
    switch (effect.type) {
      case 'send':
        this.#submit(effect.text, effect.shown);
        return;
      case 'interrupt':
        this.#interrupt();
        return;
      case 'escape':
        this.#escape();
        return;
      case 'end-of-input':
        this.leave();
        return;
      case 'expand':
        this.#expand();
        return;
      case 'redraw':
        this.#screen.redraw();
        return;
      case 'search':
        this.#background(this.#search());
        return;
      case 'editor':
        this.#background(this.#edit());
        return;
      case 'suspend':
        this.#background(this.#screen.away(() => this.#host.suspend()));
        return;
      case 'list-files':
        this.#background(this.#listFiles());
        return;
    }
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
    const {system} = this.#options;
    const settings = () => this.#request();
    const messages = system === undefined ? [] : [{role: 'system', content: system} as const];
    this.#loaded = {backend, conversation: new Conversation({backend, settings, messages})};
    const {model} = backend;
    const facts = [
      model.id,
      model.template ?? '',
      model.contextSize === undefined ? '' : `ctx ${model.contextSize}`,
      model.device,
    ];
    this.note(`${facts.filter(Boolean).map(sanitise).join(` ${this.theme.dot} `)}\n`);
    this.#phase = {kind: 'idle'};
    this.#next();
  }

  /** What goes with each request besides the messages. */
  #request() {
    const {sampling, tools, toolChoice, heat} = this.settings;
    return {
      sampling: heat ? {...sampling, topLogprobs: 5} : sampling,
      ...(tools === undefined ? {} : {tools}),
      ...(toolChoice === undefined ? {} : {toolChoice}),
    };
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
        this.#commandRuns = false;
        this.#next();
      });
    this.#background(done);
  }

  async #say({text, shown}: Waiting): Promise<void> {
    const lines = expandTabs(sanitise(shown)).split('\n');
    this.print(...lines.map((line, index) => paint(index === 0 ? '> ' : '  ', this.theme.accent) + line));
    if (shown !== text) this.#folded = text;
    const {content, notes} = await attachFiles(text.replace(/^\/\//, '/'), (name) => this.path(name));
    for (const note of notes) this.note(note);
    const said = this.conversation.messages;
    await this.answer((signal) => this.conversation.send(content, signal));
    // A message that was refused is not lost: it comes back to be changed.
    if (this.conversation.messages === said && this.#screen.input.editor.text === '') this.write(text);
  }

  #beginTurn(): AnswerView {
    return new AnswerView(this.columns, this.theme, {
      highlight: this.#highlighter.highlight,
      showThoughts: this.settings.showThoughts,
      now: () => this.#host.now(),
    });
  }

  #onEvent(event: ConversationEvent): void {
    if (event.type === 'prompt') {
      this.#prompt = event.tokens;
      this.#logprobs = [];
    } else if (event.type === 'text') this.#logprobs.push(...(event.logprobs ?? []));
    else if (event.type === 'finish') {
      this.#finish = event;
      this.#used = event.usage.promptTokens + event.usage.completionTokens;
    }
    this.#screen.drawSoon(this.#pace);
  }

  #endTurn(error: unknown): void {
    const view = this.#turns.view;
    if (view !== undefined) {
      this.#rows.push(...view.breakOff());
      if (view.thought !== '') this.#folded = view.thought;
    }
    if (error !== undefined) this.#showError(error);
    else if (this.#finish !== undefined) this.print(endRow(this.#finish, this.theme), '');
  }

  #showError(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.print(`${paint('error', this.theme.error)}  ${sanitise(message)}`);
    if (error instanceof EngineError && error.hint !== undefined) this.note(`  try  ${sanitise(error.hint)}`);
    this.print('');
  }

  #interrupt(): void {
    if (this.#turns.stop()) return;
    const {input} = this.#screen;
    if (input.editor.text !== '') {
      this.write('');
      return;
    }
    const now = this.#host.now();
    if (now - this.#interruptedAt < TWICE) {
      this.#leave(this.#loaded === undefined ? 130 : 0);
      return;
    }
    this.#interruptedAt = now;
    this.#notify('press Ctrl+C again to leave');
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
    const now = this.#host.now();
    if (now - this.#escapedAt < TWICE) {
      this.#submit('/edit', '/edit');
      return;
    }
    this.#escapedAt = now;
  }

  #expand(): void {
    if (this.#folded === '') {
      this.#notify('nothing is folded');
      return;
    }
    this.print(
      ...sanitise(this.#folded)
        .split('\n')
        .map((line) => paint(expandTabs(line), this.theme.dim)),
      '',
    );
  }

  /** Shows a message in place of the status line for a moment. */
  #notify(text: string): void {
    clearTimeout(this.#noticeTimer);
    this.#notice = text;
    this.#screen.drawSoon(0);
    this.#noticeTimer = setTimeout(() => {
      this.#notice = undefined;
      this.#screen.drawSoon(0);
    }, TWICE);
    this.#noticeTimer.unref();
  }

  async #search(): Promise<void> {
    const entries = [...new Set([...this.#options.history.entries].reverse())];
    const items = entries.map((entry) => ({label: sanitise(entry).replaceAll(/\s+/g, ' '), detail: ''}));
    const index = await this.pick({title: 'search the messages typed before', items});
    if (index !== undefined) this.write(entries[index] ?? '');
  }

  async #edit(): Promise<void> {
    const draft = unfold(this.#screen.input.editor.text, this.#screen.input.pastes);
    const text = await this.#screen.away(() => composeInEditor(draft, this.#host));
    if (text !== undefined) this.write(text);
  }

  async #listFiles(): Promise<void> {
    this.#files = [];
    this.#files = (await listFiles(this.#host.cwd)).map((label) => ({label, detail: ''}));
    this.#screen.input = refreshCompletion(this.#screen.input, this.context());
    this.#screen.drawSoon(0);
  }
}
