// What a command may touch of the outside world; only this folder writes to its streams, and cleans what goes there.
import {createReadStream, fstatSync, readFileSync, readlinkSync} from 'node:fs';
import {EngineError} from '../../base/errors.ts';
import {escapeJson, oneLine, sanitise, type TerminalSequence} from '../../base/terminal-text.ts';
import {dieBySignal} from '../processes/before-death.ts';

export type Input = NodeJS.ReadableStream & {readonly isTTY?: boolean};
export type Output = NodeJS.WritableStream & {readonly isTTY?: boolean; readonly columns?: number};

/** What a command may know of an output stream. It writes through `Io` alone. */
export type OutputFacts = Pick<Output, 'isTTY' | 'columns'>;

/** The streams behind an `Io`, for the files of this folder. Shared with the bundle of the fill-in, which has a copy of this file. */
export const STREAMS: unique symbol = Symbol.for('mistral-chat.streams');

/** The ways to write. Text for people loses what could drive a terminal; data is changed only where it goes to one. */
export interface Writers {
  /**
   * A message, on stderr, as one line with its end: no name in it can begin a line that looks like another message.
   * Always cleaned: a log is looked at on a terminal too, and nobody parses it.
   */
  say(text: string): void;
  /** The same for a text of our own that has several lines, such as help. */
  sayText(text: string): void;
  /** The result itself, on stdout: every character in a pipe or file, cleaned on a terminal. No line end is added. */
  print(text: string): void;
  /** A table or other text about things, on stdout. Always cleaned, because it is piped to pagers. No line end is added. */
  show(text: string): void;
  /** One value as a line of JSON on stdout; on a terminal with escapes for what could drive it, so that it means the same. */
  json(value: unknown): void;
  /** JSON that is written already, with its line end, on stdout; escaped on a terminal as by `json`. */
  printJson(text: string): void;
  /** A line of a log in JSON, with its line end, on stderr; always escaped. */
  logJson(text: string): void;
}

export interface Io extends Writers {
  readonly stdin: Input;
  readonly stdout: OutputFacts;
  readonly stderr: OutputFacts;
  readonly [STREAMS]: {readonly stdout: Output; readonly stderr: Output};
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Aborted by the first SIGINT or SIGTERM (the reason is its name) or a failed write to stdout (the reason is the error). */
  readonly stop: AbortSignal;
  /**
   * Hands SIGINT, or the signals named, to `handler` until the returned function is called: for a face that stops an
   * answer, not the program, or that has something to finish first.
   */
  captureInterrupt(handler: () => void, signals?: readonly NodeJS.Signals[]): () => void;
}

/** What an `Io` is made of. */
export interface Outside extends Pick<Io, 'stdin' | 'env' | 'cwd' | 'stop' | 'captureInterrupt'> {
  readonly stdout: Output;
  readonly stderr: Output;
}

/** An `Io` on these streams. Each stream is judged by itself: one may be a terminal and the other a file. */
export function ioOn(outside: Outside): Io {
  const {stdout, stderr, env, stop} = outside;
  return {
    // Made when it is asked for: help and refusals need none.
    get stdin() {
      return outside.stdin;
    },
    stdout,
    stderr,
    [STREAMS]: {stdout, stderr},
    env,
    get cwd() {
      return outside.cwd;
    },
    stop,
    captureInterrupt: (handler, signals) => outside.captureInterrupt(handler, signals),
    ...writersOn(stdout, stderr),
  };
}

function writersOn(stdout: Output, stderr: Output): Writers {
  const printJson = (text: string) => void stdout.write(stdout.isTTY ? escapeJson(text) : text);
  return {
    say: (text) => sayOn(stderr, text),
    sayText: (text) => void stderr.write(`${sanitise(text)}\n`),
    print: (text) => void stdout.write(stdout.isTTY ? sanitise(text) : text),
    show: (text) => void stdout.write(sanitise(text)),
    json: (value) => printJson(`${JSON.stringify(value)}\n`),
    printJson,
    logJson: (text) => void stderr.write(escapeJson(text)),
  };
}

/** A message on a stream of its own, for a program that has no `Io` yet. */
export function sayOn(stderr: Output, text: string): void {
  stderr.write(`${oneLine(text)}\n`);
}

/** The text in front of what a person types, on the stream that is a terminal. */
export function writePrompt({[STREAMS]: {stdout, stderr}}: Io, text: string): void {
  (stdout.isTTY ? stdout : stderr).write(sanitise(text));
}

/** Has the terminal on stdout do something, such as to copy a text. */
export function sendSequence(io: Io, sequence: TerminalSequence): void {
  io[STREAMS].stdout.write(sequence);
}

/** Resolves once stdout takes more, so that output does not pile up in memory before a slow reader. */
export function drained({[STREAMS]: {stdout}}: Io): Promise<void> {
  if (!stdout.writable || !(stdout as NodeJS.WriteStream).writableNeedDrain) return Promise.resolve();
  return new Promise((resolve) => stdout.once('drain', () => resolve()));
}

/** Resolves once all that was written has left, or could not. */
export async function flushed({[STREAMS]: {stdout, stderr}}: Io): Promise<void> {
  const empty = (stream: Output) => new Promise<void>((resolve) => stream.write('', () => resolve()));
  await Promise.all([empty(stdout), empty(stderr)]);
}

/**
 * The streams and signals of this process. The first signal asks everything to stop through `stop`;
 * a second one kills at once, so a hung clean-up can always be left.
 */
export function processIo(): Io {
  const controller = new AbortController();
  const captured: {readonly handler: () => void; readonly signals: readonly NodeJS.Signals[]}[] = [];
  const onSignal = (signal: NodeJS.Signals) => {
    const capture = captured.findLast(({signals}) => signals.includes(signal));
    if (capture) return capture.handler();
    if (controller.signal.aborted) dieBySignal(signal);
    controller.abort(signal);
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  // Of a file that reaches `ulimit -f`: heard, the write fails instead and is told as one.
  if (process.platform !== 'win32') process.on('SIGXFSZ', () => {});
  process.stdout.on('error', (error) => controller.abort(error));
  // Nobody is left to read a complaint about a closed stderr.
  process.stderr.on('error', () => {});
  let stdin: Input | undefined;
  return ioOn({
    get stdin() {
      stdin ??= openStdin();
      return stdin;
    },
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    get cwd() {
      return currentFolder();
    },
    stop: controller.signal,
    captureInterrupt(handler, signals = ['SIGINT']) {
      const capture = {handler, signals};
      captured.push(capture);
      return () => {
        captured.splice(captured.indexOf(capture), 1);
      };
    },
  });
}

/** @throws EngineError `io` when it was removed, or may not be looked at. */
function currentFolder(): string {
  try {
    return process.cwd();
  } catch (cause) {
    throw new EngineError('io', 'the folder this was started in is gone, or closed to this user', {
      hint: 'Change to another folder first.',
      cause,
    });
  }
}

/**
 * Says that stdout was closed (`>&-`). Node opens /dev/null in its place, for reading and writing, and whoever starts a
 * program without output often does the same: the two cannot be told apart, so this is a note and no failure.
 */
export function noteClosedOutput(io: Io): void {
  if (process.platform !== 'linux') return;
  try {
    if (readlinkSync('/proc/self/fd/1') !== '/dev/null') return;
    const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync('/proc/self/fdinfo/1', 'utf8'))?.[1] ?? '0';
    if ((Number.parseInt(flags, 8) & 0o3) === 0o2) io.say('note: stdout is closed, so the output is lost');
  } catch {
    // Without /proc nothing tells.
  }
}

/** For a folder or a block device Node has an empty stream in place of stdin; one that reads it says what is wrong. */
function openStdin(): Input {
  const kind = fstatSync(0);
  return kind.isDirectory() || kind.isBlockDevice() ? createReadStream('', {fd: 0, autoClose: false}) : process.stdin;
}
