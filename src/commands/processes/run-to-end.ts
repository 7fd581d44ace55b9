// Runs a program until it exits or has to end. What it leaves running then ends too, and holds nobody up.
import {once} from 'node:events';
import type {Readable} from 'node:stream';
import {setTimeout as sleep} from 'node:timers/promises';
import {type GroupOptions, type GroupProcess, type Remains, startGroup} from './process-group.ts';

export interface RunOptions extends GroupOptions {
  /** For its stdin; it need not read it. */
  readonly input: string;
  /** Ends the program. */
  readonly signal: AbortSignal;
  /** Bytes that are kept of each stream; the rest is read and forgotten. */
  readonly maxBytes: number;
}

export interface RunResult {
  /** Undefined for one that was ended by the signal, or by nothing. */
  readonly exit: {readonly code: number | null; readonly signal: NodeJS.Signals | null} | undefined;
  /** The beginning of what it wrote on stdout. */
  readonly output: Buffer;
  /** The end of what it wrote on stderr: the reason of a failure comes last. */
  readonly complaint: Buffer;
  /** What it left running behind its own end. */
  readonly left: Remains;
}

/** Output of a program that has exited is waited for as long as some comes this often, */
const QUIET_MS = 100;
/** and no longer than this: a child of it may go on writing. */
const DRAIN_MS = 500;
/** For the pipes of processes that are over. */
const CLOSE_MS = 200;

/**
 * Runs a program to its end. @throws the reason when it cannot be started. Once `signal` aborts it takes less than a second.
 */
export async function runToEnd(program: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  const {input, signal, maxBytes} = options;
  const group = startGroup(program, args, options);
  const {child} = group;
  const exited = exitOf(child);
  const closed = once(child, 'close').catch(() => {});
  const [output, complaint] = [keepStart(child.stdout, maxBytes), keepEnd(child.stderr, maxBytes)];
  const stopped = signal.aborted ? Promise.resolve() : once(signal, 'abort').then(() => {});
  child.stdin.on('error', () => {}); // It may close its stdin, or end.
  child.stdin.end(input);
  try {
    const exit = await Promise.race([exited, stopped.then(() => undefined)]);
    if (exit !== undefined) await Promise.race([closed, stopped, quiet(child)]);
    let left = await group.end();
    const areClosed = await Promise.race([closed.then(() => true), sleep(CLOSE_MS, false)]);
    // Held by a process that cannot be found, or not be ended.
    if (!areClosed) left = 'running';
    return {exit, output: output(), complaint: complaint(), left};
  } finally {
    for (const stream of child.stdio) stream?.destroy();
    child.unref();
    group.release();
  }
}

/** How it ended. Rejects when it could not be started. */
function exitOf(child: GroupProcess): Promise<NonNullable<RunResult['exit']>> {
  return new Promise((resolve, reject) => {
    child.on('error', (error) => {
      if (child.pid === undefined) reject(error);
    });
    child.once('exit', (code, signal) => resolve({code, signal}));
  });
}

/** Resolves when nothing has been written for a while. */
async function quiet({stdout, stderr}: GroupProcess): Promise<void> {
  let last = performance.now();
  const onData = () => {
    last = performance.now();
  };
  stdout.on('data', onData);
  stderr.on('data', onData);
  for (const start = last; performance.now() - last < QUIET_MS && performance.now() - start < DRAIN_MS; ) {
    await sleep(QUIET_MS / 4);
  }
}

function keepStart(stream: Readable, maxBytes: number): () => Buffer {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on('error', () => {});
  stream.on('data', (chunk: Buffer) => {
    if (size < maxBytes) chunks.push(chunk.subarray(0, maxBytes - size));
    size += chunk.length;
  });
  return () => Buffer.concat(chunks);
}

function keepEnd(stream: Readable, maxBytes: number): () => Buffer {
  let chunks: Buffer[] = [];
  let size = 0;
  const end = () => Buffer.concat(chunks).subarray(-maxBytes);
  stream.on('error', () => {});
  stream.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    size += chunk.length;
    if (size < 2 * maxBytes) return;
    chunks = [end()];
    size = maxBytes;
  });
  return end;
}
