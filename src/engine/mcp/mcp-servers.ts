// All MCP servers of a run as one source of tools: started at once, joined as they come, ended together.
import {EngineError} from '../../base/errors.ts';
import {isJsonObject, parseJson, toPlain} from '../../base/json.ts';
import {counted} from '../../base/units.ts';
import type {ParsedToolCall} from '../contract/backend.ts';
import type {Tool} from '../contract/requests.ts';
import {fitsSchema} from '../template/grammar/schema/check-value.ts';
import type {ServerConfig} from './config/server-config.ts';
import {Connection, type ServerHost} from './connection.ts';
import {ExposedNames} from './exposed-names.ts';
import {offeredTools} from './offered-tools.ts';
import {type PermissionRules, permissionOf} from './permission.ts';
import {resultText} from './result-text.ts';
import type {Offer, ToolOrigin, ToolSource} from './tool-source.ts';

/** After it, a person hears who is still waited for. Milliseconds. */
const SLOW_MS = 10_000;
const CHARACTERS_A_TOKEN = 4;

export interface McpOptions extends ServerHost {
  /** Rules of the person, beside those in the servers' own configuration. */
  readonly rules: PermissionRules;
  /** Tokens of a result at most, about. Without it 4,096, or a quarter of the context where that is less. */
  readonly resultTokens?: number;
}

const RESULT_TOKENS = 4096;
const RESULT_SHARE = 0.25;

export class McpServers implements ToolSource {
  readonly #options: McpOptions;
  readonly #connections: readonly Connection[];
  readonly #names = new ExposedNames();
  readonly #stop = new AbortController();
  /** What was told of each server last: its tools, or its problem. */
  readonly #told = new Map<Connection, readonly string[] | string>();
  #notes = new Set<string>();
  #tools: readonly Tool[] = [];
  #contextSize: number | undefined;
  #started: Promise<void> = Promise.resolve();
  #startedAt = 0;

  /** Of two servers with one name the later counts: files are given in the order of their precedence. */
  constructor(configs: readonly ServerConfig[], options: McpOptions) {
    this.#options = options;
    const byName = new Map(configs.map((config) => [config.name, config]));
    this.#connections = [...byName.values()]
      .filter(({disabled}) => !disabled)
      .map((config) => new Connection(config, options));
  }

  /** Starts all of them. Returns at once. */
  start(): void {
    this.#startedAt = performance.now();
    this.#started = Promise.all(this.#connections.map((one) => one.open(this.#stop.signal))).then(() => {});
  }

  /** Resolves when each has started or failed. */
  async settled(): Promise<void> {
    await this.#started;
  }

  get tools(): readonly Tool[] {
    return this.#tools;
  }

  get connections(): readonly Connection[] {
    return this.#connections;
  }

  origin(name: string): ToolOrigin | undefined {
    const meant = this.#names.meant(name);
    if (meant === undefined) return undefined;
    const config = this.#connections.find((one) => one.config.name === meant.server)?.config;
    const {allow, deny} = this.#options.rules;
    const rules = {allow: [...allow, ...(config?.allow ?? [])], deny: [...deny, ...(config?.deny ?? [])]};
    return {...meant, permission: permissionOf(name, rules)};
  }

  async refresh(offer: Offer): Promise<readonly string[]> {
    this.#contextSize = offer.contextSize;
    await Promise.all(this.#connections.map((one) => one.refresh()));
    const news = this.#connections.flatMap((one) => this.#newsOf(one));
    const ready = this.#connections.filter(({isReady}) => isReady);
    const of = ready.map((one) => ({server: one.config.name, tools: one.tools}));
    const {tools, notes} = offeredTools(of, this.#names, offer);
    // Each of them once.
    const unheard = notes.filter((note) => !this.#notes.has(note));
    this.#notes = new Set(notes);
    this.#tools = tools;
    return [...news, ...unheard];
  }

  list(): readonly string[] {
    return this.#connections.map(({config, state, problem, tools}) => {
      const how = {waiting: 'is starting', ready: counted(tools.length, 'tool'), failed: problem, closed: 'has ended'}[
        state
      ];
      return `${config.name}: ${how}`;
    });
  }

  async run({name, arguments: given}: ParsedToolCall, signal: AbortSignal): Promise<string> {
    const meant = this.#names.meant(name);
    const tool = this.#tools.find((one) => one.name === name);
    const connection = this.#connections.find(({config}) => config.name === meant?.server);
    if (meant === undefined || tool === undefined || connection === undefined) {
      throw new EngineError('tool_failed', `there is no tool ${name}`);
    }
    const args = parseJson(given.trim() === '' ? '{}' : given, {nonFinite: false});
    if (!isJsonObject(args)) throw new EngineError('tool_failed', `the arguments of ${name} must be an object`);
    if (!fitsSchema(tool.parameters, args)) {
      throw new EngineError('tool_failed', `the arguments do not fit the schema of ${name}; the call was not sent`);
    }
    const result = await connection.call(meant.tool, toPlain(args) as Record<string, unknown>, signal);
    const {text, failed} = resultText(result, this.#mostCharacters);
    if (failed) throw new EngineError('tool_failed', text);
    return text;
  }

  /** Ends all of them. Never throws. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#connections.map((one) => one.close()));
  }

  get #mostCharacters(): number {
    const {resultTokens} = this.#options;
    const share = (this.#contextSize ?? Number.POSITIVE_INFINITY) * RESULT_SHARE;
    return Math.max(200, Math.floor((resultTokens ?? Math.min(RESULT_TOKENS, share)) * CHARACTERS_A_TOKEN));
  }

  #newsOf(one: Connection): readonly string[] {
    const {config, state, problem} = one;
    const before = this.#told.get(one);
    if (state === 'failed') {
      this.#told.set(one, problem);
      return before === problem ? [] : [`MCP server ${config.name} cannot be used: ${problem}`];
    }
    if (state !== 'ready') {
      if (performance.now() - this.#startedAt < SLOW_MS || before !== undefined) return [];
      this.#told.set(one, 'slow');
      return [`MCP server ${config.name} is still starting; its tools join when it is ready`];
    }
    const names = one.tools.map(({name}) => name);
    this.#told.set(one, names);
    if (before === undefined || typeof before === 'string')
      return [`MCP server ${config.name}: ${counted(names.length, 'tool')}`];
    const added = names.filter((name) => !before.includes(name)).length;
    const removed = before.filter((name) => !names.includes(name)).length;
    if (added === 0 && removed === 0) return [];
    const change = [added > 0 && `+${added}`, removed > 0 && `-${removed}`].filter(Boolean).join(', ');
    return [
      `MCP server ${config.name}: ${change} ${added + removed === 1 ? 'tool' : 'tools'}; the prompt is evaluated again from its beginning`,
    ];
  }
}
