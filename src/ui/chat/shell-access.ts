// What a chat needs of the machine to run the person's own commands (`!ls`).

/** Runs lines of the shell that the person typed. The model hears of none of them. */
export interface ShellHost {
  /** Runs a line on this terminal; its exit code, null for one that a signal ended. @throws when there is no shell. */
  run(line: string): Promise<number | null>;
  /**
   * Runs a line without a terminal and keeps the beginning of what it writes, on both streams, until it ends or `signal` ends it.
   * @throws when there is no shell.
   */
  capture(line: string, signal: AbortSignal): Promise<CapturedOutput>;
}

export interface CapturedOutput {
  readonly text: string;
  /** There was more. */
  readonly isCut: boolean;
  /** Null for one that a signal ended. */
  readonly exitCode: number | null;
}
