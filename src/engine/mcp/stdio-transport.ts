// JSON-RPC over a program's stdin and stdout, one message a line: the program is started by whoever may start programs.
import type {Readable, Writable} from 'node:stream';
import type {JSONRPCMessage, Transport} from '@modelcontextprotocol/client';
import {EngineError} from '../../base/errors.ts';
import {parsePlainJson} from '../../base/plain-json.ts';

/** A server's program while it runs. */
export interface ServerProcess {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Resolves when the program is over, with how; rejects when it cannot be started. */
  readonly ended: Promise<string>;
  /** Ends it and what it has started. Never throws. */
  end(): Promise<void>;
}

/** Bytes of one message; more is a server gone wrong. */
const LONGEST_MESSAGE = 10 * 1024 * 1024;
/** For a program whose stdin was closed to end by itself. Milliseconds. */
const GRACE_MS = 200;

export interface StdioHooks {
  /** Hears each line of stderr, and of stdout what is no message. */
  readonly log: (line: string) => void;
  readonly parse: (value: unknown) => JSONRPCMessage;
}

/** @see https://modelcontextprotocol.io/specification/2025-11-25/basic/transports */
export class StdioTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: (message: JSONRPCMessage) => void;
  readonly #spawn: () => ServerProcess;
  readonly #hooks: StdioHooks;
  #program: ServerProcess | undefined;
  #isClosed = false;

  constructor(spawn: () => ServerProcess, hooks: StdioHooks) {
    this.#spawn = spawn;
    this.#hooks = hooks;
  }

  /** @throws what starting the program throws. */
  async start(): Promise<void> {
    const program = this.#spawn();
    this.#program = program;
    const fail = (error: Error) => this.onerror?.(error);
    program.stdin.on('error', fail);
    eachLine(
      program.stdout,
      (line) => this.#take(line),
      () => this.#tooLong(),
    );
    eachLine(program.stderr, this.#hooks.log, () => this.#hooks.log('[a line without an end is left out]'));
    program.ended.then(
      (how) => {
        this.#hooks.log(how);
        this.#closed();
      },
      (error: Error) => {
        fail(error);
        this.#closed();
      },
    );
    // A program that is not there is told before anything is sent to it.
    await Promise.race([program.ended.then(() => {}), new Promise((resolve) => setImmediate(resolve))]);
  }

  async send(message: JSONRPCMessage): Promise<void> {
    const {stdin} = this.#program ?? {};
    if (stdin === undefined || this.#isClosed || !stdin.writable) {
      throw new EngineError('tool_failed', 'the server has ended');
    }
    if (!stdin.write(`${JSON.stringify(message)}\n`)) {
      await new Promise<void>((resolve) => {
        stdin.once('drain', resolve);
        stdin.once('close', resolve);
      });
    }
  }

  async close(): Promise<void> {
    const program = this.#program;
    if (program === undefined || this.#isClosed) return;
    program.stdin.end();
    const over = program.ended.then(
      () => {},
      () => {},
    );
    await Promise.race([over, new Promise((resolve) => setTimeout(resolve, GRACE_MS))]);
    await program.end();
    this.#closed();
  }

  #take(line: string): void {
    let message: JSONRPCMessage;
    try {
      message = this.#hooks.parse(parsePlainJson(line));
    } catch {
      // Programs print greetings: passed over, and kept where a person can look.
      if (line.trim() !== '') this.#hooks.log(line);
      return;
    }
    this.onmessage?.(message);
  }

  #tooLong(): void {
    this.#hooks.log('[it sent a message of more than 10 MiB, and is ended]');
    void this.close();
  }

  #closed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    void this.#program?.end();
    this.onclose?.();
  }
}

/** Calls `take` with each line; `tooLong` instead of it where one does not end. */
function eachLine(stream: Readable, take: (line: string) => void, tooLong: () => void): void {
  let held: Buffer[] = [];
  let size = 0;
  let skips = false;
  stream.on('error', () => {});
  stream.on('data', (chunk: Buffer) => {
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      const line = Buffer.concat([...held, chunk.subarray(from, end)]);
      held = [];
      size = 0;
      from = end + 1;
      if (!skips) take(line.toString('utf8').replace(/\r$/, ''));
      skips = false;
    }
    const rest = chunk.subarray(from);
    if (skips || rest.length === 0) return;
    held.push(rest);
    size += rest.length;
    if (size <= LONGEST_MESSAGE) return;
    held = [];
    size = 0;
    skips = true;
    tooLong();
  });
}
