// A program in a real pty, its output read by a real terminal emulator: what a person would see, and every byte.
import {type IPty, spawn} from '@lydell/node-pty';
import {Unicode11Addon} from '@xterm/addon-unicode11';
import xterm from '@xterm/headless';

export interface PtyOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** What becomes of an answer of the terminal, in place of giving it to the program. */
  readonly answers?: (reply: string, give: (bytes: string) => void) => void;
  /** Milliseconds until a wait gives up. */
  readonly patience?: number;
}

/** Milliseconds until a wait gives up; generous, for machines that do other things too. */
const PATIENCE = 60_000;

/** Where a chunk of the output ends a frame. */
const FRAME_END = /(?<=\x1b\[\?2026l)/;

/** A running program with the terminal it runs in. */
export class PtyProgram {
  readonly #pty: IPty;
  readonly #terminal: xterm.Terminal;
  readonly #patience: number;
  /** Looks whether what is waited for is there: after every frame, so that none goes by unseen on a slow machine. */
  #look: (() => void) | undefined;
  /** All bytes that the program has written. */
  output = '';
  exitCode: number | undefined;
  signal: number | undefined;

  constructor(
    command: string,
    args: readonly string[],
    {
      columns = 80,
      rows = 24,
      env = {},
      cwd,
      patience = PATIENCE,
      answers = (reply, give) => give(reply),
    }: PtyOptions = {},
  ) {
    this.#patience = patience;
    this.#terminal = new xterm.Terminal({cols: columns, rows, scrollback: 5000, allowProposedApi: true});
    this.#terminal.loadAddon(new Unicode11Addon());
    this.#terminal.unicode.activeVersion = '11';
    this.#pty = spawn(command, args.map(String), {
      name: 'xterm-256color',
      cols: columns,
      rows,
      cwd: cwd ?? process.cwd(),
      env: {...cleanEnvironment(), TERM: 'xterm-256color', LANG: 'C.UTF-8', TZ: 'UTC', ...env},
    });
    this.#pty.onData((data) => {
      this.output += data;
      for (const frame of data.split(FRAME_END)) this.#terminal.write(frame, () => this.#look?.());
    });
    this.#terminal.onData((reply) => answers(reply, (bytes) => this.#pty.write(bytes)));
    this.#pty.onExit(({exitCode, signal}) => {
      this.exitCode = exitCode;
      this.signal = signal;
    });
  }

  get pid(): number {
    return this.#pty.pid;
  }

  /** Sends keys as the terminal would. */
  type(keys: string): void {
    this.#pty.write(keys);
  }

  paste(text: string): void {
    this.#pty.write(`\x1b[200~${text}\x1b[201~`);
  }

  /**
   * Changes the size between two frames. The program is stopped meanwhile: a frame that is on its way while the terminal
   * changes is a race between the two that no program can win, and would be one of the test.
   */
  async resize(columns: number, rows: number): Promise<void> {
    process.kill(this.pid, 'SIGSTOP');
    let seen = -1;
    while (seen !== this.output.length) {
      seen = this.output.length;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    await new Promise<void>((resolve) => this.#terminal.write('', resolve));
    this.#terminal.resize(columns, rows);
    this.#pty.resize(columns, rows);
    process.kill(this.pid, 'SIGCONT');
  }

  kill(signal: string): void {
    this.#pty.kill(signal);
  }

  /** All rows, scrollback included, without trailing spaces; rows the terminal has wrapped are joined. */
  lines(): string[] {
    const buffer = this.#terminal.buffer.active;
    const lines: string[] = [];
    for (let index = 0; index < buffer.length; index += 1) {
      const line = buffer.getLine(index);
      const text = line?.translateToString(true) ?? '';
      if (line?.isWrapped) lines[lines.length - 1] += text;
      else lines.push(text);
    }
    while (lines.at(-1) === '') lines.pop();
    return lines;
  }

  text(): string {
    return this.lines().join('\n');
  }

  /** The emulator's buffer, for pictures. */
  emulator(): {buffer: xterm.IBuffer; rows: number} {
    return {buffer: this.#terminal.buffer.active, rows: this.#terminal.rows};
  }

  /** The cursor's cell. */
  cursor(): {row: number; column: number; line: string} {
    const {active} = this.#terminal.buffer;
    const row = active.baseY + active.cursorY;
    return {row, column: active.cursorX, line: active.getLine(row)?.translateToString(true) ?? ''};
  }

  /** Resolves when `ready` holds; fails with the screen when it does not in time. */
  async until(ready: () => boolean, what: string): Promise<void> {
    const end = Date.now() + this.#patience;
    let seen = false;
    this.#look = () => {
      seen ||= ready();
    };
    for (this.#look(); !seen; this.#look()) {
      if (Date.now() > end || this.exitCode !== undefined)
        throw new Error(`waited for ${what}; the screen is:\n${this.text()}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    this.#look = undefined;
  }

  async see(text: string | RegExp): Promise<void> {
    await this.until(
      () => (typeof text === 'string' ? this.text().includes(text) : text.test(this.text())),
      String(text),
    );
  }

  async exited(): Promise<number> {
    await this.until(() => this.exitCode !== undefined, 'the end of the program');
    // The emulator takes its time: what the program wrote last is to be on the screen.
    await new Promise<void>((resolve) => this.#terminal.write('', resolve));
    return this.exitCode ?? -1;
  }
}

/** The environment without what changes a program's behaviour under test runners and in CI. */
function cleanEnvironment(): Record<string, string> {
  const dropped =
    /^(CI|CONTINUOUS_INTEGRATION|VITEST.*|NODE_ENV|NO_COLOR|FORCE_COLOR|TMUX|TERM_PROGRAM.*|XTERM_VERSION|COLORTERM)$/;
  const entries = Object.entries(process.env).filter(([name, value]) => value !== undefined && !dropped.test(name));
  return Object.fromEntries(entries) as Record<string, string>;
}
