// Keys in, frames out: owns the terminal, the prompt and the live rows; what a message means is decided behind it.
import {isDeepStrictEqual} from 'node:util';
import {setWidthTable} from '../../base/cells/graphemes.ts';
import {DEFAULT_WIDTHS} from '../../base/cells/width-by-class.ts';
import type {TerminalSequence} from '../../base/terminal-text.ts';
import type {Picker} from '../chat/picker.ts';
import {KeyDecoder} from '../keys/decoder.ts';
import {type DecodedEvent, isKeyEvent, type KeyEvent, type TerminalEvent} from '../keys/event.ts';
import type {Row, Theme} from '../markdown/style.ts';
import {MOST_CHOICES} from '../prompt/complete.ts';
import {type Effect, EMPTY_INPUT, type Input, type InputContext, onInput, openPicker} from '../prompt/input.ts';
import type {Status} from '../rows/status-line.ts';
import {type Choices, layOut, type View} from './draw/frame.ts';
import {questionFor, widthsFrom} from './draw/handshake.ts';
import {type LiveRegion, liveRegion, plainLayout} from './draw/live-region.ts';
import {Painter, type Size} from './draw/painter.ts';
import {type Host, Terminal} from './draw/terminal.ts';
import {titleSequence} from './notices.ts';

/** What was typed before the keys were raw is there at once: a first read later than this is typed now. Milliseconds. */
const TYPED_BEFORE = 300;

/**
 * How long answers are waited for before the terminal is given back, since it was asked and at least. Milliseconds. Only
 * whoever leaves at once from a terminal that never answers waits so long.
 */
const ANSWER_WAIT = {sinceAsked: 1000, least: 150} as const;

/**
 * A window that is dragged has a new size every few milliseconds. Rows written for one of them land in another, where
 * they leave copies: nothing is drawn before the size has been the same for this long. Milliseconds.
 */
const SETTLE = 50;

/** What the screen asks of the chat behind it. */
export interface ScreenSource {
  readonly theme: Theme;
  /** What an empty prompt shows, in parts. */
  readonly hint: readonly string[];
  /** True while an answer streams: its frames are composed without Ink. */
  readonly streaming: boolean;
  context(): InputContext;
  status(): Status;
  /** Rows that became final since the last call. */
  finished(): readonly Row[];
  tail(limit: number): readonly Row[];
  /** The terminal has another size now. */
  resized(): void;
  effect(effect: NonNullable<Effect>): void;
}

export class Screen {
  input: Input = EMPTY_INPUT;
  readonly #host: Host;
  readonly #source: ScreenSource;
  readonly #terminal: Terminal;
  readonly #decoder: KeyDecoder;
  readonly #painter: Painter;
  readonly #plain: LiveRegion;
  readonly #onResize: () => void;
  #ink: LiveRegion | undefined;
  #unmount = () => {};
  /** False while the terminal belongs to someone else: a shell after Ctrl-Z, an editor. */
  #visible = false;
  #columns = 0;
  #frameTimer: NodeJS.Timeout | undefined;
  #drawnAt = -Infinity;
  #settleTimer: NodeJS.Timeout | undefined;
  #keyTimer: NodeJS.Timeout | undefined;
  /** Until when the first read is one of keys typed before they were raw. */
  #firstReadBy = Infinity;
  #keys = 0;
  /** What the terminal said of the probes so far. */
  #reports: Extract<TerminalEvent, {type: 'cursor'}>[] = [];
  #onAnswered: (() => void) | undefined;
  #askedAt = -Infinity;
  #focused: boolean | undefined;
  #version = '';
  #background: string | undefined;
  #picked: ((index: number | undefined) => void) | undefined;

  constructor(host: Host, source: ScreenSource) {
    this.#host = host;
    this.#source = source;
    this.#decoder = new KeyDecoder(() => host.now());
    this.#decoder.keypadEnterIsShifted = host.env.KONSOLE_VERSION !== undefined;
    this.#terminal = new Terminal(host, (chunk) => this.#onChunk(chunk));
    this.#painter = new Painter((text) => this.#terminal.write(text));
    this.#plain = liveRegion(this.#painter, plainLayout);
    this.#onResize = () => this.#settle();
  }

  /** Keys, pastes and runs of text so far: two keys are one behind the other when it went up by one between them. */
  get keys(): number {
    return this.#keys;
  }

  /** Whether the window is in front; undefined until the terminal says so. */
  get focused(): boolean | undefined {
    return this.#focused;
  }

  /** Name and version as the terminal writes them; empty until it does. */
  get version(): string {
    return this.#version;
  }

  /** The terminal's background as hex digits, a third of them each for red, green and blue; undefined where it does not say. */
  get background(): string | undefined {
    return this.#background;
  }

  setTitle(title: string): void {
    this.#terminal.setTitle(titleSequence(title));
  }

  /** Writes what moves no cursor. Nothing while the terminal belongs to someone else. */
  write(sequence: TerminalSequence): void {
    if (this.#visible) this.#terminal.write(sequence);
  }

  get size(): Size {
    return this.#terminal.size;
  }

  /** Takes the terminal and shows the first frame. */
  show(): void {
    this.#visible = true;
    this.#columns = this.size.columns;
    this.#host.stdout.on('resize', this.#onResize);
    const isFirst = this.#firstReadBy === Infinity;
    if (isFirst) this.#firstReadBy = this.#host.now() + TYPED_BEFORE;
    const question = isFirst ? questionFor(this.#host.env.TERM, this.#columns) : undefined;
    if (question !== undefined) {
      this.#decoder.awaitReplies(question.reports);
      this.#askedAt = this.#host.now();
    }
    this.#terminal.together(() => {
      this.#terminal.enter();
      if (question !== undefined) this.#terminal.write(question.before);
      this.draw();
      if (question !== undefined) this.#terminal.write(question.after);
    });
  }

  /**
   * Takes the live rows off and gives the terminal back. Rows that are still to be printed are printed first. Answers of the
   * terminal that are still to come are waited for a moment: whoever has the terminal next would read them as keys.
   */
  async hide(): Promise<void> {
    if (!this.#visible) return;
    this.#settled();
    const finished = this.#source.finished();
    if (finished.length > 0) this.#painter.draw(finished, [], undefined);
    this.#visible = false;
    clearTimeout(this.#frameTimer);
    this.#frameTimer = undefined;
    this.#host.stdout.off('resize', this.#onResize);
    this.#painter.clear();
    if (this.#decoder.isAwaiting) await this.#answered();
    this.#terminal.leave();
  }

  /** Resolves when the terminal has answered all, or does not. */
  async #answered(): Promise<void> {
    await new Promise<void>((resolve) => {
      const left = this.#askedAt + ANSWER_WAIT.sinceAsked - this.#host.now();
      const timer = setTimeout(resolve, Math.max(ANSWER_WAIT.least, left));
      this.#onAnswered = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#onAnswered = undefined;
  }

  /** Lets Ink lay out the frames in which nothing streams. */
  async loadInk(): Promise<void> {
    const {createInkLayout} = await import('./draw/ink-layout.tsx');
    const {layout, unmount} = createInkLayout(this.#source.theme);
    this.#ink = liveRegion(this.#painter, layout);
    this.#unmount = unmount;
    if (this.#visible) this.draw();
  }

  /** Ends the screen for good. */
  async close(): Promise<void> {
    await this.hide();
    clearTimeout(this.#keyTimer);
    this.#unmount();
  }

  /** Runs something else on this terminal, then shows the screen again. */
  async away<T>(run: () => Promise<T>): Promise<T> {
    await this.hide();
    try {
      return await run();
    } finally {
      this.show();
    }
  }

  /** Draws the live rows anew, for a terminal that something else wrote on. */
  redraw(): void {
    this.#painter.clear();
    this.draw();
  }

  /** Draws now. */
  draw(): void {
    clearTimeout(this.#frameTimer);
    this.#frameTimer = undefined;
    if (!this.#visible || this.#settleTimer !== undefined) return;
    const {size} = this;
    if (size.columns !== this.#columns) {
      this.#settle();
      return;
    }
    const finished = this.#source.finished();
    const frame = layOut(this.#view(), size, this.#source.theme);
    const streaming = this.#source.streaming && frame.panel === undefined;
    const region = streaming ? this.#plain : (this.#ink ?? this.#plain);
    region.show(finished, frame);
    this.#drawnAt = this.#host.now();
  }

  /** Draws once the last frame is `interval` milliseconds old; what else changes until then shares the frame. */
  drawSoon(interval: number): void {
    const wait = Math.max(0, this.#drawnAt + interval - this.#host.now());
    this.#frameTimer ??= setTimeout(() => this.draw(), wait);
  }

  /**
   * Draws now when the last frame is `interval` milliseconds old, else with the first call after that. So a token that
   * comes is drawn while it has the thread anyway: a timer of its own would wake it in the middle of a decode, and with
   * as many compute threads as cores they all wait then. A timer only draws what no later token has drawn in time.
   */
  drawWith(interval: number): void {
    const age = this.#host.now() - this.#drawnAt;
    if (age >= interval) this.draw();
    else this.#frameTimer ??= setTimeout(() => this.draw(), 2 * interval - age);
  }

  /** Lets the person choose from a list; undefined when they leave it. */
  pick(picker: Picker): Promise<number | undefined> {
    this.#picked?.(undefined);
    this.input = openPicker(this.input, picker);
    this.draw();
    return new Promise((resolve) => {
      this.#picked = resolve;
    });
  }

  /** The size is read before every frame too: the signal that it changed may come after one that was due. */
  #settle(): void {
    clearTimeout(this.#settleTimer);
    this.#settleTimer = setTimeout(() => {
      this.#settled();
      this.draw();
    }, SETTLE);
  }

  #settled(): void {
    clearTimeout(this.#settleTimer);
    this.#settleTimer = undefined;
    const {columns} = this.size;
    if (columns === this.#columns) return;
    this.#columns = columns;
    this.#painter.resized(columns, reflows(this.#host.env));
    this.#source.resized();
  }

  #view(): View {
    const {input} = this;
    return {
      tail: (limit) => this.#source.tail(limit),
      editor: input.editor,
      pastes: input.pastes,
      hint: this.#source.hint,
      panel: panelOf(input),
      status: this.#source.status(),
    };
  }

  #onChunk(chunk: Uint8Array): void {
    clearTimeout(this.#keyTimer);
    const typedBefore = this.#firstReadBy > this.#host.now();
    this.#firstReadBy = -Infinity;
    this.#handle(this.#decoder.push(chunk, typedBefore));
    const {wait} = this.#decoder;
    if (wait !== undefined) this.#keyTimer = setTimeout(() => this.#handle(this.#decoder.flush()), wait);
  }

  #handle(events: readonly DecodedEvent[]): void {
    for (const event of events) {
      if (!isKeyEvent(event)) this.#onTerminal(event);
      // What is typed while the terminal is given back is nobody's.
      else if (this.#visible) this.#onKey(event);
    }
    if (events.some(isKeyEvent)) this.draw();
  }

  #onKey(event: KeyEvent): void {
    this.#keys += 1;
    const [input, effect] = onInput(this.input, event, this.#source.context());
    this.input = input;
    if (effect?.type === 'picked') this.#pickedOne(effect.index);
    else if (effect !== undefined) this.#source.effect(effect);
  }

  #onTerminal(event: TerminalEvent): void {
    if (event.type === 'kitty' && this.#visible) this.#terminal.enableKitty();
    else if (event.type === 'cursor') this.#reports.push(event);
    else if (event.type === 'attributes') this.#onAttributes();
    else if (event.type === 'focus') this.#focused = event.focused;
    else if (event.type === 'background') this.#background = event.rgb;
    else if (event.type === 'version') {
      this.#version = event.name;
      this.#decoder.keypadEnterIsShifted ||= event.name.startsWith('Konsole');
    }
  }

  /** All that the terminal was asked is answered: rows are laid out anew where it counts cells in a way of its own. */
  #onAttributes(): void {
    const widths = widthsFrom(this.#reports);
    this.#reports = [];
    this.#onAnswered?.();
    if (widths === undefined || isDeepStrictEqual(widths, DEFAULT_WIDTHS)) return;
    setWidthTable(widths);
    if (this.#visible) this.#terminal.together(() => this.redraw());
  }

  #pickedOne(index: number | undefined): void {
    const picked = this.#picked;
    this.#picked = undefined;
    picked?.(index);
  }
}

function panelOf({picker, completion}: Input): Choices | undefined {
  if (picker !== undefined) {
    const {title, query, items, question} = picker;
    const keys = question === true ? ` 1-${items.length}, or arrows and Enter; Esc to stop the answer` : '';
    return {title: query === '' ? title + keys : `${title}: ${query}`, items: picker.shown, selected: picker.selected};
  }
  if (completion === undefined) return undefined;
  const {items, selected} = completion;
  return {title: undefined, items, selected, isCut: items.length >= MOST_CHOICES};
}

/** Most terminals wrap what is on the screen anew when they change their width; these two cut it. */
function reflows(env: Host['env']): boolean {
  return env.XTERM_VERSION === undefined && env.TERM !== 'linux';
}
