// Writes a streamed answer: server-sent events or raw text, never faster than the client reads.
import type {FastifyReply} from 'fastify';

export interface StreamOptions {
  /** A comment is sent after this long without an event, so that proxies keep the connection. */
  readonly heartbeatMs: number;
  /** A client that reads nothing for this long is cut off. */
  readonly stallMs: number;
}

export const SSE = 'text/event-stream; charset=utf-8';
export const RAW_TEXT = 'text/plain; charset=utf-8';

export class ReplyStream {
  readonly #reply: FastifyReply;
  readonly #options: StreamOptions;
  readonly #contentType: string;
  #heartbeat: NodeJS.Timeout | undefined;

  constructor(reply: FastifyReply, contentType: string, options: StreamOptions) {
    this.#reply = reply;
    this.#contentType = contentType;
    this.#options = options;
  }

  /** From here on the status is 200 and failures can only be told inside the stream. */
  get isOpen(): boolean {
    return this.#reply.sent;
  }

  /** Sends the headers. */
  open(): void {
    const {raw} = this.#reply.hijack();
    raw.writeHead(200, {
      ...(this.#reply.getHeaders() as Record<string, string>),
      'content-type': this.#contentType,
      'cache-control': 'no-cache',
      'x-accel-buffering': 'no',
    });
    raw.flushHeaders();
    if (this.#contentType === SSE) {
      this.#heartbeat = setInterval(() => raw.writableNeedDrain || raw.write(':\n\n'), this.#options.heartbeatMs);
    }
  }

  /** One event; resolves when the client can take the next. */
  async send(data: unknown): Promise<void> {
    await this.write(`data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`);
  }

  async write(text: string): Promise<void> {
    const {raw} = this.#reply;
    this.#heartbeat?.refresh();
    if (raw.destroyed || raw.write(text)) return;
    await this.#drain();
  }

  end(): void {
    clearInterval(this.#heartbeat);
    this.#reply.raw.end();
  }

  #drain(): Promise<void> {
    const {raw} = this.#reply;
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(stalled);
        raw.off('drain', done).off('close', done);
        resolve();
      };
      // Destroying closes the response, and its close aborts the generation.
      const stalled = setTimeout(() => raw.destroy(), this.#options.stallMs);
      raw.on('drain', done).on('close', done);
    });
  }
}
