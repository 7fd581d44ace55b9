// One MCP server from its start to its end: what it offers, and calls of it.
import {basename} from 'node:path';
import {pathToFileURL} from 'node:url';
import type {Client, Transport} from '@modelcontextprotocol/client';
import {EngineError} from '../../base/errors.ts';
import {reasonOf} from '../../base/files/file-error.ts';
import {within} from '../../base/signals.ts';
import type {HttpServer, ServerConfig, StdioServer} from './config/server-config.ts';
import {checkHeaders, fetchWithin} from './http-fetch.ts';
import {cut} from './result-text.ts';
import {type ServerProcess, StdioTransport} from './stdio-transport.ts';

/** What a server needs of the program around it. */
export interface ServerHost {
  readonly cwd: string;
  readonly version: string;
  /** Starts a server's program. */
  spawn(server: StdioServer): ServerProcess;
  /** Keeps a line that a server wrote beside its messages. */
  log(server: string, line: string): void;
}

/** A tool as its server tells of it. */
export interface ServerTool {
  readonly name: string;
  readonly description?: string | undefined;
  readonly inputSchema: unknown;
}

export type ConnectionState = 'waiting' | 'ready' | 'failed' | 'closed';

/** Lines that a server wrote last, told when it fails. */
const LAST_LINES = 10;
const LONGEST_LINE = 300;

export class Connection {
  readonly config: ServerConfig;
  state: ConnectionState = 'waiting';
  /** Why it failed. */
  problem = '';
  tools: readonly ServerTool[] = [];
  /** The tools are to be listed again. */
  #isStale = false;
  readonly #host: ServerHost;
  readonly #lines: string[] = [];
  #client: Client | undefined;

  constructor(config: ServerConfig, host: ServerHost) {
    this.config = config;
    this.#host = host;
  }

  /** Starts it and lists its tools. Never throws: `state` and `problem` say what became of it. */
  async open(stop: AbortSignal): Promise<void> {
    const {startMs} = this.config;
    try {
      await within({of: [stop], ms: startMs}, async (signal) => {
        await this.#connect(signal);
        await this.#list(signal);
      });
      if (this.state === 'waiting') this.state = 'ready';
    } catch (error) {
      const late = error instanceof Error && /^(?:TimeoutError|AbortError)$/.test(error.name);
      const slow = `it did not start within ${startMs / 1000} s`;
      this.#fail(late || (await isTimeout(error)) ? slow : this.#whyNot(error));
      await this.#client?.close().catch(() => {});
    }
  }

  /** Lists the tools again, if the server has said that they changed. Never throws. */
  async refresh(): Promise<void> {
    if (!this.#isStale || this.state !== 'ready') return;
    try {
      await within({of: [], ms: this.config.callMs}, (signal) => this.#list(signal));
    } catch (error) {
      this.#fail(`its tools cannot be listed any more: ${reasonOf(error)}`);
    }
  }

  /**
   * Calls a tool. The server's result as it is, also one that says of itself that it failed.
   * @throws EngineError `tool_failed`; the signal's reason
   */
  async call(tool: string, args: Record<string, unknown>, signal: AbortSignal): Promise<unknown> {
    const {name, callMs} = this.config;
    const client = this.#client;
    if (this.state !== 'ready' || client === undefined) throw new EngineError('tool_failed', this.#gone());
    try {
      const limits = {signal, timeout: callMs, maxTotalTimeout: callMs, resetTimeoutOnProgress: false};
      return await client.callTool({name: tool, arguments: args}, limits);
    } catch (cause) {
      signal.throwIfAborted();
      if (await isTimeout(cause)) {
        throw new EngineError('tool_failed', `${name} did not answer within ${callMs / 1000} s`, {cause});
      }
      const why = this.isReady ? `${name} refused the call: ${cut(reasonOf(cause), 1000)}` : this.#gone();
      throw new EngineError('tool_failed', why, {cause});
    }
  }

  get isReady(): boolean {
    return this.state === 'ready';
  }

  /** Never throws. */
  async close(): Promise<void> {
    if (this.state !== 'failed') this.state = 'closed';
    await this.#client?.close().catch(() => {});
  }

  #gone(): string {
    return `${this.config.name} is not there: ${this.problem === '' ? 'it has not started yet' : this.problem}`;
  }

  async #connect(signal: AbortSignal): Promise<void> {
    const {transport} = this.config;
    if (transport.kind === 'stdio') return await this.#connectBy(signal, await this.#stdio(transport));
    checkHeaders(transport.url, transport.headers);
    if (transport.kind === 'sse') return await this.#connectBy(signal, await this.#sse(transport));
    try {
      await this.#connectBy(signal, await this.#http(transport));
    } catch (error) {
      // The protocol's own rule for a server of before 2025: what refuses a POST may have SSE.
      if (transport.kind !== 'any' || signal.aborted || !(await isRefusal(error))) throw error;
      await this.#connectBy(signal, await this.#sse(transport));
    }
  }

  async #connectBy(signal: AbortSignal, transport: Transport): Promise<void> {
    const {Client} = await import('./mcp-client.ts');
    const {cwd, version} = this.#host;
    const client = new Client(
      {name: 'mistral-chat', version},
      {
        capabilities: {roots: {}},
        // What a server says of its own results decides nothing here, and its patterns could run for ever.
        jsonSchemaValidator: {
          getValidator: () => (data: unknown) => ({valid: true, data: data as never, errorMessage: undefined}),
        },
      },
    );
    client.setRequestHandler('roots/list', () => ({roots: [{uri: pathToFileURL(cwd).href, name: basename(cwd)}]}));
    client.setNotificationHandler('notifications/tools/list_changed', () => {
      this.#isStale = true;
    });
    // Beside its own lines, which are told when it fails.
    client.onerror = (error) => this.#host.log(this.config.name, reasonOf(error).slice(0, LONGEST_LINE));
    client.onclose = () => {
      if (this.#client === client && this.state === 'ready') this.#fail('it has ended');
    };
    this.#client = client;
    try {
      await client.connect(transport, {signal, timeout: this.config.startMs});
    } catch (error) {
      await client.close().catch(() => {});
      throw error;
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    this.#isStale = false;
    const client = this.#client;
    if (client?.getServerCapabilities()?.tools === undefined) return;
    const {tools} = await client.listTools(undefined, {signal, timeout: this.config.startMs});
    const {tools: only, exclude} = this.config;
    this.tools = tools.filter(({name}) => (only === undefined || only.includes(name)) && !exclude.includes(name));
  }

  async #stdio(server: StdioServer): Promise<Transport> {
    const {parseJSONRPCMessage} = await import('./mcp-client.ts');
    return new StdioTransport(() => this.#host.spawn(server), {
      log: (line) => this.#log(line),
      parse: parseJSONRPCMessage,
    });
  }

  async #http({url, headers}: HttpServer): Promise<Transport> {
    const {StreamableHTTPClientTransport} = await import('./mcp-client.ts');
    return new StreamableHTTPClientTransport(new URL(url), {requestInit: {headers}, fetch: fetchWithin});
  }

  async #sse({url, headers}: HttpServer): Promise<Transport> {
    const {SSEClientTransport} = await import('./mcp-client.ts');
    return new SSEClientTransport(new URL(url), {requestInit: {headers}, fetch: fetchWithin});
  }

  #log(line: string): void {
    const short = line.slice(0, LONGEST_LINE);
    this.#lines.push(short);
    if (this.#lines.length > LAST_LINES) this.#lines.shift();
    this.#host.log(this.config.name, short);
  }

  #whyNot(error: unknown): string {
    const {transport} = this.config;
    const {code, syscall = ''} = error as NodeJS.ErrnoException;
    if (transport.kind === 'stdio' && code === 'ENOENT' && syscall.startsWith('spawn')) {
      return `there is no program ${transport.command}, or not the folder to run it in`;
    }
    // `fetch failed` says nothing: its cause does.
    const cause = error instanceof TypeError ? error.cause : undefined;
    return reasonOf(cause ?? error);
  }

  #fail(why: string): void {
    this.state = 'failed';
    this.tools = [];
    const said = this.#lines.map((line) => `\n  ${line}`).join('');
    this.problem = said === '' ? why : `${why}; it wrote last:${said}`;
  }
}

/** Of the library's own kind: an abort looks the same, so look at the signal first. */
async function isTimeout(error: unknown): Promise<boolean> {
  const {SdkError, SdkErrorCode} = await import('./mcp-client.ts');
  return error instanceof SdkError && error.code === SdkErrorCode.RequestTimeout;
}

/** A server that speaks HTTP and does not know this way of speaking. */
async function isRefusal(error: unknown): Promise<boolean> {
  const {SdkHttpError} = await import('./mcp-client.ts');
  return error instanceof SdkHttpError && [400, 404, 405].includes(error.data.status);
}
