// A chat on a terminal from its first frame to its last: keys go to the chat core, and its events become rows.

import type {ModelInfo} from '../../engine/contract/backend.ts';
import {ChatCore} from '../chat/chat-core.ts';
import type {ChatEvent, ChatFace} from '../chat/chat-face.ts';
import type {Item, Picker} from '../chat/picker.ts';
import {commandItems} from '../chat/slash/all-commands.ts';
import {BLANK, ROW_MARGIN, type Row, type Style, type Theme} from '../markdown/style.ts';
import type {Effect, InputContext} from '../prompt/input.ts';
import {partsRow} from '../rows/parts-row.ts';
import {type Phase, type Status, withoutFigures} from '../rows/status-line.ts';
import {tintFor} from '../rows/tint.ts';
import {needsBlank} from '../rows/transcript.ts';
import {AnswerView} from './answer-view.ts';
import {eventRows} from './event-rows.ts';
import {createHighlighter, type Highlighter} from './highlighter.ts';
import {PromptServices} from './prompt-services.ts';
import {Screen, type ScreenSource} from './screen.ts';
import type {ScreenChatOptions} from './screen-chat-options.ts';
import {Attention} from './window-attention.ts';

/** What keys ask for by their name alone. */
type PlainEffect = Exclude<NonNullable<Effect>['type'], 'send' | 'picked'>;

/**
 * Chats until the person leaves. Returns the exit code: 0, 130 when a load was interrupted, 129 when the terminal went.
 * The terminal is as it was before in every case.
 * @throws what loading the model throws.
 */
export async function runChat(options: ScreenChatOptions): Promise<number> {
  return await new ChatScreen(options).run();
}

class ChatScreen implements ScreenSource, ChatFace {
  readonly theme: Theme;
  readonly hint = ['Type a message. / commands', '@ files', 'Ctrl+D quits'];
  readonly prompt: PromptServices;
  readonly #options: ScreenChatOptions;
  readonly #core: ChatCore;
  readonly #screen: Screen;
  readonly #highlighter: Highlighter;
  readonly #attention: Attention;
  readonly #commands: readonly Item[] = commandItems();
  /** Milliseconds between two frames of an answer: on few cores the model needs them more. */
  readonly #pace: number;
  /** The answer that is being written. */
  #view: AnswerView | undefined;
  #rows: Row[] = [];
  /** The row printed last. */
  #lastRow: Row | undefined;
  /** The first line as long as it waits for the facts of the model. */
  #banner: readonly string[] | undefined;
  /** When the turn began. */
  #begunAt = 0;
  /** What is done while nothing is answered, and what a tool does while something is. */
  #phase: Phase = {kind: 'loading', fraction: undefined};
  #toolPhase: Phase | undefined;
  readonly #effects: Readonly<Record<PlainEffect, () => void>> = {
    interrupt: () => this.#interrupt(),
    escape: () => this.#escape(),
    'end-of-input': () => this.#core.leave(),
    expand: () => this.show({type: 'rows', rows: this.prompt.expand(this.#core.collapsed, this.theme)}),
    redraw: () => this.#screen.redraw(),
    search: () => this.#background(this.prompt.search()),
    editor: () => this.#background(this.prompt.edit()),
    suspend: () => this.#background(this.#screen.away(() => this.#options.host.suspend())),
    'list-files': () => this.#background(this.prompt.listFiles()),
  };

  constructor(options: ScreenChatOptions) {
    const {host, theme} = options;
    this.#options = options;
    this.theme = theme;
    this.#pace = options.reducedMotion === true ? 250 : host.cores >= 8 ? 50 : 100;
    this.#highlighter = createHighlighter(theme);
    this.#screen = new Screen(host, this);
    this.prompt = new PromptServices(this.#screen, host, options.history);
    this.#core = new ChatCore(options, this);
    const choice = () => this.#core.settings.notify;
    this.#attention = new Attention(this.#screen, host, {
      choice,
      hasTitle: options.title !== false,
      ellipsis: theme.ellipsis,
    });
  }

  async run(): Promise<number> {
    const core = this.#core;
    const {host, banner} = this.#options;
    host.onHangup(() => core.leave(129));
    host.stop.addEventListener('abort', () => core.leave());
    this.#banner = banner();
    this.#attention.working();
    this.#screen.show();
    try {
      this.#background(this.#screen.loadInk().then(() => this.#highlighter.load()));
      return await Promise.race([core.left, this.#load().then(() => core.left)]);
    } finally {
      await core.close();
      await this.#screen.close();
    }
  }

  get columns(): number {
    return Math.max(8, this.#screen.size.columns - ROW_MARGIN);
  }

  get streaming(): boolean {
    return this.#core.isAnswering;
  }

  context(): InputContext {
    const {columns} = this.#screen.size;
    return {history: this.#options.history.entries, commands: this.#commands, files: this.prompt.files, columns};
  }

  status(): Status {
    const {model, settings, last, queued} = this.#core;
    const phase = this.#toolPhase ?? this.#view?.phase ?? this.#phase;
    return {
      phase: this.#options.reducedMotion === true ? withoutFigures(phase) : phase,
      model: model?.id ?? '',
      used: last.used,
      limit: model?.contextSize,
      seed: settings.sampling.seed,
      queued,
      notice: this.prompt.notice,
    };
  }

  finished(): readonly Row[] {
    const rows = [...this.#rows, ...(this.#view?.flush() ?? [])];
    this.#rows = [];
    this.#lastRow = rows.at(-1) ?? this.#lastRow;
    return rows;
  }

  tail(limit: number): readonly Row[] {
    if (this.#banner !== undefined) return [this.#bannerRow(this.#banner)].slice(0, limit);
    return this.#options.reducedMotion === true ? [] : (this.#view?.tail(limit) ?? []);
  }

  resized(): void {
    this.#view?.resize(this.columns);
  }

  effect(effect: NonNullable<Effect>): void {
    if (effect.type === 'send') this.#submit(effect.text, effect.shown);
    else if (effect.type !== 'picked') this.#effects[effect.type]();
  }

  async pick(picker: Picker): Promise<number | undefined> {
    if (picker.question === true) this.#attention.asks(picker.title);
    const chosen = await this.#screen.pick(picker);
    if (picker.question === true) this.#attention.working();
    return chosen;
  }

  away<T>(run: () => Promise<T>): Promise<T> {
    return this.#screen.away(run);
  }

  copy(text: string): boolean {
    return this.prompt.copy(text);
  }

  show(event: ChatEvent): void {
    if (event.type === 'event') {
      this.#view?.take(event.event);
      this.#screen.drawWith(this.#pace);
      return;
    }
    if (event.type === 'begin') this.#begin();
    else if (event.type === 'end') {
      this.#tellEnd(event);
      this.#endView();
    } else if (event.type === 'loading') this.#phase = {kind: 'loading', fraction: event.fraction};
    else if (event.type === 'ready') this.#ready(event.model);
    else if (event.type === 'activity') this.#toolPhase = workingPhase(event.text);
    this.#print(...this.#rowsOf(event));
    this.#screen.drawSoon(event.type === 'loading' ? this.#pace : 0);
  }

  async #load(): Promise<void> {
    // The frame is written before the library's import keeps this thread busy.
    await new Promise((resolve) => setImmediate(resolve));
    await this.#core.load();
  }

  #rowsOf(event: ChatEvent): Row[] {
    const {theme, columns} = this;
    const style = {
      columns,
      theme,
      highlight: this.#highlighter.highlight,
      stats: this.#core.settings.stats,
      tint: this.#tint,
    };
    const elapsedMs = this.#options.host.now() - this.#begunAt;
    const rows = eventRows(event, style, {continuable: this.#core.endsWithAnswer, elapsedMs});
    const above = this.#rows;
    const isBelowOther = needsBlank([...(this.#lastRow === undefined ? [] : [this.#lastRow]), ...above]);
    return event.type === 'said' && isBelowOther ? [BLANK, ...rows] : rows;
  }

  /** The shade behind a question; none where the background or its colours are not known. */
  get #tint(): Style {
    const {background} = this.#screen;
    const {COLORTERM, TMUX} = this.#options.host.env;
    // Of a white one inside tmux nobody knows whether tmux made it up.
    const isKnown = background !== undefined && !(TMUX && /^f+$/i.test(background));
    const hasShades = /truecolor|24bit/.test(COLORTERM ?? '') && !this.theme.keepsMarks;
    return isKnown && hasShades ? (tintFor(background) ?? '') : '';
  }

  #print(...rows: Row[]): void {
    const banner = this.#banner;
    if (banner !== undefined && rows.length > 0) {
      // What comes before the model is there stands below the first line.
      this.#banner = undefined;
      this.#rows.push(this.#bannerRow(banner));
    }
    this.#rows.push(...(this.#view?.flush() ?? []), ...rows);
  }

  /** The first line, with the model as far as it is known. */
  #bannerRow(parts: readonly string[]): Row {
    return partsRow(
      parts.map((text) => ({text, style: this.theme.dim})),
      this.columns,
      this.theme,
    );
  }

  #ready(model: ModelInfo): void {
    this.#phase = {kind: 'idle'};
    this.#attention.ready();
    const parts = this.#options.banner(model);
    const wasHeld = this.#banner !== undefined;
    this.#banner = undefined;
    // Below notes the program's own name is there already.
    this.#print(this.#bannerRow(wasHeld ? parts : parts.slice(1)), BLANK);
  }

  /** Somebody who stopped an answer knows that it ended. */
  #tellEnd({finish, error}: Extract<ChatEvent, {type: 'end'}>): void {
    this.#attention.ready();
    if (finish?.reason !== 'aborted')
      this.#attention.answered(this.#options.host.now() - this.#begunAt, error !== undefined);
  }

  #begin(): void {
    this.#attention.working();
    this.#view = this.#newView();
    this.#begunAt = this.#options.host.now();
  }

  #newView(): AnswerView {
    return new AnswerView(this.columns, this.theme, {
      highlight: this.#highlighter.highlight,
      showThoughts: this.#core.settings.showThoughts,
      now: () => this.#options.host.now(),
    });
  }

  #endView(): void {
    this.#rows.push(...(this.#view?.breakOff() ?? []));
    this.#view = undefined;
  }

  /** Work that a key started: its failure is shown, never thrown. */
  #background(work: Promise<void>): void {
    work.catch((error: unknown) => this.show({type: 'error', error}));
  }

  #submit(text: string, shown: string): void {
    this.#options.history.add(text);
    this.#core.submit(text, shown);
  }

  #interrupt(): void {
    if (this.#core.stop()) return;
    if (!this.prompt.isEmpty) this.prompt.write('');
    else if (this.prompt.twice('interrupt')) this.#core.leave(this.#core.model === undefined ? 130 : 0);
    else this.prompt.notify('press Ctrl+C again to quit');
  }

  /** Stops the answer and gives waiting messages back to the prompt; twice on an empty prompt edits the last message. */
  #escape(): void {
    const stopped = this.#core.stop();
    const waiting = this.#core.takeQueue();
    const {text} = this.#screen.input.editor;
    if (waiting.length > 0) this.prompt.write([...waiting, ...(text === '' ? [] : [text])].join('\n'));
    else if (!stopped && text === '' && this.prompt.twice('escape')) this.#submit('/edit', '/edit');
  }
}

function workingPhase(what: string | undefined): Phase | undefined {
  return what === undefined ? undefined : {kind: 'working', what};
}
