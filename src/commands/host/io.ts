// What a command may touch of the outside world; only this file and program.ts know the process itself.

export type Input = NodeJS.ReadableStream & {readonly isTTY?: boolean};
export type Output = NodeJS.WritableStream & {readonly isTTY?: boolean; readonly columns?: number};

export interface Io {
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
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
  process.stdout.on('error', (error) => controller.abort(error));
  // Nobody is left to read a complaint about a closed stderr.
  process.stderr.on('error', () => {});
  return {
    // Made when it is asked for: help and refusals need none.
    get stdin() {
      return process.stdin;
    },
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    cwd: process.cwd(),
    stop: controller.signal,
    captureInterrupt(handler, signals = ['SIGINT']) {
      const capture = {handler, signals};
      captured.push(capture);
      return () => {
        captured.splice(captured.indexOf(capture), 1);
      };
    },
  };
}

/** Ends by the signal itself, so that a shell sees 130 or 143 and stops its own loop. */
export function dieBySignal(signal: NodeJS.Signals): void {
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}
