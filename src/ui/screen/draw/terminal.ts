// The terminal's modes: raw keys, bracketed paste, kitty keys, focus, title; and giving the terminal back however the program ends.
import type {TerminalSequence} from '../../../base/terminal-text.ts';
import {understandsQuestions} from './handshake.ts';
import type {Size} from './painter.ts';

/** What the screen needs of the process; the commands own the real one. */
export interface Host {
  readonly stdin: Input;
  readonly stdout: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** The person's home folder, and the one for files that are soon removed. */
  readonly home: string;
  readonly tmpdir: string;
  /** CPU cores, to choose how often to draw. */
  readonly cores: number;
  /** Aborted when the program is asked to end (SIGTERM, closed stdout). */
  readonly stop: AbortSignal;
  /** Milliseconds, monotonic. */
  now(): number;
  /** Stops the process group, as Ctrl-Z does; resolves when the shell continues it. */
  suspend(): Promise<void>;
  /** Runs an interactive program on this terminal; resolves with its exit code. */
  run(command: string, args: readonly string[]): Promise<number>;
  /** Calls `handler` when the terminal has gone. */
  onHangup(handler: () => void): void;
  /** Calls `handler` last thing before the process ends; it may only write synchronously. */
  onExit(handler: () => void): () => void;
}

interface Input {
  setRawMode(raw: boolean): unknown;
  on(event: 'data', listener: (chunk: Uint8Array) => void): unknown;
  on(event: 'end' | 'error', listener: () => void): unknown;
  off(event: 'data', listener: (chunk: Uint8Array) => void): unknown;
  pause(): unknown;
  resume(): unknown;
}

interface Output {
  getWindowSize(): [columns: number, rows: number];
  write(sequence: TerminalSequence): unknown;
  on(event: 'resize', listener: () => void): unknown;
  off(event: 'resize', listener: () => void): unknown;
}

const PASTE_ON = '\x1b[?2004h' as TerminalSequence;
const PASTE_OFF = '\x1b[?2004l' as TerminalSequence;
/** Alt and Meta as an ESC before the key: xterm adds 128 to the character otherwise, and Alt+Backspace is a letter. */
const META_ON = '\x1b[?1036h\x1b[?1039h' as TerminalSequence;
const META_OFF = '\x1b[?1036l\x1b[?1039l' as TerminalSequence;
/** Pushed, never set, which QTerminal prints: 1 tells Esc and Shift+Enter apart, 4 adds where a key is on a US keyboard. */
const KITTY_ON = '\x1b[>5u' as TerminalSequence;
const KITTY_OFF = '\x1b[<u' as TerminalSequence;
/** The terminal says when its window is in front, and when not. */
const FOCUS_ON = '\x1b[?1004h' as TerminalSequence;
const FOCUS_OFF = '\x1b[?1004l' as TerminalSequence;
/** The title is put on a stack, and taken from it. */
const TITLE_PUSH = '\x1b[22;2t' as TerminalSequence;
const TITLE_POP = '\x1b[23;2t' as TerminalSequence;
const CURSOR_ON = '\x1b[?25h' as TerminalSequence;

/** The terminal in the state the screen needs, from `enter` to `leave`. */
export class Terminal {
  readonly #host: Host;
  readonly #onData: (chunk: Uint8Array) => void;
  /** False for a terminal that prints what it does not know. */
  readonly #speaks: boolean;
  #entered = false;
  #kitty = false;
  #forgetExit: (() => void) | undefined;
  /** The title of the window; undefined while it is the terminal's own. */
  #title: TerminalSequence | undefined;
  /** What is written together, while something is. */
  #held: TerminalSequence[] | undefined;

  constructor(host: Host, onData: (chunk: Uint8Array) => void) {
    this.#host = host;
    this.#onData = onData;
    this.#speaks = understandsQuestions(host.env.TERM);
  }

  get size(): Size {
    const [columns, rows] = this.#host.stdout.getWindowSize();
    // A terminal that does not know its size says 0.
    return {columns: columns || 80, rows: rows || 24};
  }

  write(sequence: TerminalSequence): void {
    if (this.#held === undefined) this.#host.stdout.write(sequence);
    else this.#held.push(sequence);
  }

  /** All that `run` writes, in one write. */
  together(run: () => void): void {
    this.#held = [];
    try {
      run();
    } finally {
      const held = this.#held.join('') as TerminalSequence;
      this.#held = undefined;
      if (held !== '') this.#host.stdout.write(held);
    }
  }

  enter(): void {
    const {stdin} = this.#host;
    this.#entered = true;
    stdin.setRawMode(true);
    stdin.on('data', this.#onData);
    stdin.resume();
    // Raw before anything is asked: the answers would be echoed.
    this.write(PASTE_ON);
    this.write(META_ON);
    if (this.#speaks) this.write(FOCUS_ON);
    if (this.#kitty) this.write(KITTY_ON);
    if (this.#title !== undefined) this.write((TITLE_PUSH + this.#title) as TerminalSequence);
    this.#forgetExit = this.#host.onExit(() => this.#restore());
  }

  /** The terminal answered that it speaks the kitty protocol: ask it to tell Shift+Enter from Enter. */
  enableKitty(): void {
    if (this.#kitty || !this.#entered) return;
    this.#kitty = true;
    this.write(KITTY_ON);
  }

  /** Gives the window a title until the terminal is given back. */
  setTitle(title: TerminalSequence): void {
    if (!this.#speaks || title === this.#title) return;
    const isFirst = this.#title === undefined;
    this.#title = title;
    if (this.#entered) this.write(isFirst ? ((TITLE_PUSH + title) as TerminalSequence) : title);
  }

  leave(): void {
    if (!this.#entered) return;
    this.#forgetExit?.();
    this.#host.stdin.off('data', this.#onData);
    this.#host.stdin.pause();
    this.#restore();
  }

  #restore(): void {
    if (!this.#entered) return;
    this.#entered = false;
    const {stdout} = this.#host;
    if (this.#title !== undefined) stdout.write(TITLE_POP);
    if (this.#kitty) stdout.write(KITTY_OFF);
    if (this.#speaks) stdout.write(FOCUS_OFF);
    stdout.write(META_OFF);
    stdout.write(PASTE_OFF);
    stdout.write(CURSOR_ON);
    this.#host.stdin.setRawMode(false);
  }
}
