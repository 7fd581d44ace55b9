// Every failure as a status and OpenAI's four error fields; routes of other protocols dress them in their own shape.
import {EngineError} from '../base/errors.ts';

export interface HttpErrorOptions {
  readonly type?: string;
  readonly code?: string;
  readonly param?: string;
  /** Seconds for the Retry-After header. */
  readonly retryAfter?: number;
  /** Other headers of the reply. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The protocol to tell it in, where there is no route to say so. */
  readonly style?: ErrorStyle | undefined;
  readonly cause?: unknown;
}

const TYPES: Record<number, string> = {
  401: 'authentication_error',
  403: 'permission_error',
  429: 'rate_limit_error',
  501: 'not_implemented_error',
  503: 'unavailable_error',
};

function typeOf(status: number): string {
  return TYPES[status] ?? (status < 500 ? 'invalid_request_error' : 'server_error');
}

/** A refusal of the server itself. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly status: number;
  readonly type: string;
  readonly code: string | undefined;
  readonly param: string | undefined;
  readonly retryAfter: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly style: ErrorStyle | undefined;

  constructor(status: number, message: string, options: HttpErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : {cause: options.cause});
    this.status = status;
    this.type = options.type ?? typeOf(status);
    this.code = options.code;
    this.param = options.param;
    this.retryAfter = options.retryAfter;
    this.headers = options.headers ?? {};
    this.style = options.style;
  }
}

interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** Of a union: what each branch found. */
  readonly errors?: readonly (readonly Issue[])[];
}

/** A request whose body, query or path is not what the route takes. */
export class ValidationError extends Error {
  override readonly name = 'ValidationError';
  readonly path: readonly PropertyKey[];

  constructor(issues: readonly Issue[]) {
    const {path, message} = deepest(issues[0] ?? {path: [], message: 'invalid'});
    super(message);
    this.path = path;
  }
}

/** `['messages', 2, 'content']` as `messages[2].content`, the way OpenAI names a parameter. */
export function paramPath(path: readonly PropertyKey[]): string {
  return path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '');
}

/** The issue that says most: in a union, the branch that got furthest. */
function deepest(issue: Issue): Issue {
  const branches = (issue.errors ?? []).flatMap(([first]) => (first ? [deepest(first)] : []));
  const best = branches.sort((a, b) => b.path.length - a.path.length)[0];
  return best && best.path.length > 0 ? {...best, path: [...issue.path, ...best.path]} : issue;
}

function fromFramework(error: Error, status: number): HttpError {
  if (status === 413)
    return new HttpError(413, 'the request body is too large', {code: 'body_too_large', cause: error});
  return new HttpError(status, error.message, {cause: error});
}

/** Any thrown value as an HttpError; what nobody foresaw becomes a 500 that tells nothing of the inside. */
export function toHttpError(error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  if (error instanceof EngineError) {
    const {message, hint, param} = error;
    return new HttpError(error.httpStatus, hint ? `${message}; ${hint}` : message, {
      code: error.code,
      // The engine names its own fields in camelCase, the wire's are in snake_case.
      ...(param !== undefined && {param: param.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}),
      cause: error,
    });
  }
  if (error instanceof ValidationError) {
    const param = paramPath(error.path);
    const message = param
      ? `'${param}': ${error.message}`
      : `the request body is not what this route takes: ${error.message}`;
    return new HttpError(400, message, {code: 'invalid_value', ...(param && {param}), cause: error});
  }
  if (error instanceof Error) {
    const {statusCode} = error as {statusCode?: unknown};
    if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500)
      return fromFramework(error, statusCode);
  }
  return new HttpError(500, 'internal error; see the server log', {cause: error});
}

/** True for what the log should tell in full: a failure the server has not decided on itself. */
export function isUnforeseen(error: HttpError, thrown: unknown): boolean {
  return error.status >= 500 && !(thrown instanceof HttpError);
}

/** The protocol a route belongs to, whose shape its errors have. */
export type ErrorStyle = 'openai' | 'responses' | 'llama' | 'fastapi' | 'anthropic' | 'ollama';

/** The status that a protocol has for a failure; clients decide by it whether to ask again. */
export function statusIn(style: ErrorStyle, {status, code}: HttpError): number {
  if (style === 'fastapi' && code === 'invalid_value') return 422;
  if (style === 'anthropic' && status === 503) return 529;
  return style === 'ollama' && status === 429 ? 503 : status;
}

const ANTHROPIC_TYPES: Record<number, string> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  503: 'overloaded_error',
};

function anthropicError(error: HttpError, thrown: unknown, requestId: string): object {
  const {status, message} = error;
  const type = ANTHROPIC_TYPES[status] ?? (status < 500 ? 'invalid_request_error' : 'api_error');
  return {
    type: 'error',
    error: {type, message: tooLong(thrown) ?? message, ...threadDetails(error)},
    request_id: requestId,
  };
}

/** By these Anthropic's clients know that they have to send the whole history themselves, and do. */
function threadDetails({code, param}: HttpError): object {
  if (code !== 'unsupported' || param !== 'thread') return {};
  return {details: {error_code: 'thread_unsupported_request', unsupported: ['thread']}};
}

/** claude-code reads the two numbers out of this sentence, and then shortens its history. */
function tooLong(thrown: unknown): string | undefined {
  if (!(thrown instanceof EngineError) || !thrown.context) return undefined;
  return `prompt is too long: ${thrown.context.promptTokens} tokens > ${thrown.context.contextSize} maximum`;
}

/** The body of an error reply in a protocol's shape; `thrown` is what `error` was made of. */
export function errorBody(error: HttpError, style: ErrorStyle, thrown: unknown, requestId: string): unknown {
  if (style === 'anthropic') return anthropicError(error, thrown, requestId);
  const {message, type, status} = error;
  if (style === 'ollama') return {error: message};
  const code = error.code ?? null;
  if (style === 'responses') return {error: {message, type, param: error.param ?? null, code}};
  if (style === 'openai') {
    return {error: {message, type, param: error.param ?? null, code, ...contextNumbers(thrown)}};
  }
  if (style === 'fastapi') {
    if (!(thrown instanceof ValidationError)) return {detail: message};
    return {detail: [{loc: ['body', ...thrown.path], msg: thrown.message, type: 'value_error'}]};
  }
  if (code !== 'context_length_exceeded') return {error: {code: status, message, type}};
  return {error: {code: status, message, type: 'exceed_context_size_error', ...contextNumbers(thrown)}};
}

/** llama.vscode reads these two to shorten its next request. */
function contextNumbers(thrown: unknown): object {
  if (!(thrown instanceof EngineError) || !thrown.context) return {};
  return {n_prompt_tokens: thrown.context.promptTokens, n_ctx: thrown.context.contextSize};
}
