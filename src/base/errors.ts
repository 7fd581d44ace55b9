// One class of failure and one table that says what each kind means to a shell and to an HTTP client.

const ERROR_TABLE = {
  usage: {exitCode: 2, httpStatus: 400},
  invalid_request: {exitCode: 2, httpStatus: 400},
  unsupported: {exitCode: 2, httpStatus: 400},
  unsupported_schema: {exitCode: 2, httpStatus: 400},
  model_not_found: {exitCode: 3, httpStatus: 404},
  model_invalid: {exitCode: 3, httpStatus: 500},
  model_unsupported: {exitCode: 3, httpStatus: 500},
  template_unknown: {exitCode: 3, httpStatus: 400},
  out_of_memory: {exitCode: 3, httpStatus: 503},
  disk_full: {exitCode: 3, httpStatus: 507},
  model_busy: {exitCode: 3, httpStatus: 503},
  context_length_exceeded: {exitCode: 4, httpStatus: 400},
  tool_failed: {exitCode: 5, httpStatus: 502},
  backend_unreachable: {exitCode: 5, httpStatus: 502},
  backend_failed: {exitCode: 5, httpStatus: 502},
  engine_failed: {exitCode: 5, httpStatus: 500},
  io: {exitCode: 1, httpStatus: 500},
  internal: {exitCode: 1, httpStatus: 500},
} as const;

export type ErrorCode = keyof typeof ERROR_TABLE;

/** What a server said that refused a request. */
export interface RemoteRefusal {
  /** The HTTP status. */
  readonly status: number;
  /** The server's own words. */
  readonly message: string;
  /** The server's name for this kind of failure. */
  readonly code?: string;
  /** For how long the server asks to be left alone, in milliseconds. */
  readonly retryAfterMs?: number;
}

/** The beginning of an answer that was not finished. */
export interface PartialAnswer {
  readonly content: string;
  readonly reasoning: string;
}

/** On every EngineError, whichever copy of this file made it. */
const KIND = Symbol.for('mistral-chat.error');

export interface EngineErrorOptions {
  /** What to do next, one sentence. */
  readonly hint?: string;
  readonly cause?: unknown;
  /** The request field at fault, as a path such as `messages[2].content`. */
  readonly param?: string;
  /** Of `context_length_exceeded`: the two numbers a client needs to shorten its prompt. */
  readonly context?: {readonly promptTokens: number; readonly contextSize: number};
  /** What had been answered before it, for who reads whole answers. */
  readonly partial?: PartialAnswer;
  /** Of a failure that a server reported: decisions are made by this, never by the words of `message`. */
  readonly remote?: RemoteRefusal;
}

/** A failure the user can act on: what happened, with which input (`message`), what to do next (`hint`). */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly param: string | undefined;
  readonly context: EngineErrorOptions['context'];

  readonly remote: RemoteRefusal | undefined;
  readonly partial: PartialAnswer | undefined;

  /** Of every copy of this class: the bundle of `mistral-fim` has one of its own beside that of the files. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: the class that is asked may be a subclass
    if (this !== EngineError) return Function.prototype[Symbol.hasInstance].call(this, value);
    return value instanceof Error && KIND in value;
  }

  constructor(code: ErrorCode, message: string, options: EngineErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : {cause: options.cause});
    this.code = code;
    this.hint = options.hint;
    this.param = options.param;
    this.context = options.context;
    this.remote = options.remote;
    this.partial = options.partial;
  }

  /** The same failure, with the place of the input it happened at in front of its message, such as `line 3 of stdin`. */
  at(place: string, hint = this.hint): EngineError {
    return this.#with(`${place}: ${this.message}`, hint, this.partial);
  }

  /** The same failure, with what had been answered before it; undefined where nobody need hear it again. */
  after(partial: PartialAnswer | undefined): EngineError {
    return this.#with(this.message, this.hint, partial);
  }

  #with(message: string, hint: string | undefined, partial: PartialAnswer | undefined): EngineError {
    return new EngineError(this.code, message, {
      ...(hint !== undefined && {hint}),
      ...(this.param !== undefined && {param: this.param}),
      ...(this.context !== undefined && {context: this.context}),
      ...(this.remote !== undefined && {remote: this.remote}),
      ...(partial !== undefined && {partial}),
      cause: this,
    });
  }

  get [KIND](): true {
    return true;
  }

  /** Process exit code documented in the README. */
  get exitCode(): number {
    return ERROR_TABLE[this.code].exitCode;
  }

  get httpStatus(): number {
    return ERROR_TABLE[this.code].httpStatus;
  }
}
