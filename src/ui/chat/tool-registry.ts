// The tools of a chat: what the model may call, which command runs a call, and the person's permission for it.

import {shorten} from '../../base/cells/graphemes.ts';
import {EngineError} from '../../base/errors.ts';
import {atOnce} from '../../base/in-turns.ts';
import type {ModelInfo, ParsedToolCall} from '../../engine/contract/backend.ts';
import type {Tool, ToolCall} from '../../engine/contract/requests.ts';
import type {ToolOrigin, ToolSource} from '../../engine/mcp/tool-source.ts';
import {paint, type Row, rowText, type Theme} from '../markdown/style.ts';
import {questionRows} from '../rows/tool-rows.ts';
import type {Picker} from './picker.ts';

/** A command line that runs the calls of one tool. */
export interface ToolCommand {
  readonly name: string;
  /** As the user wrote it. */
  readonly line: string;
}

/** What tools need of the machine; the commands own the real one. */
export interface ToolHost {
  /** Reads a tools.json. @throws EngineError with the reason. */
  load(path: string): Promise<readonly Tool[]>;
  /** Reads `name=command`. @throws EngineError `usage`. */
  parse(text: string): ToolCommand;
  /** Runs a call; abort ends it. `note` hears what the person should know besides. @throws EngineError `tool_failed`. */
  run(command: ToolCommand, call: ToolCall, signal: AbortSignal, note: (text: string) => void): Promise<string>;
}

/** Whom the tools are asked of. */
interface Person {
  readonly theme: Theme;
  /** Cells a row may take now. */
  columns(): number;
  print(...rows: Row[]): void;
  pick(picker: Picker): Promise<number | undefined>;
  /** What a tool does at the moment; undefined when none runs. */
  working(text: string | undefined): void;
  /** Stops the turn. */
  stop(): void;
}

const CHOICES = ['1 Yes, once', '2 Yes, and do not ask again for this tool in this chat', '3 No (the model is told)'];
/** Of a server's tool. */
const SERVER_CHOICES = [
  '1 Yes, once',
  '2 Yes, and do not ask again for this tool in this chat',
  '3 Yes, and do not ask again for this server in this chat',
  '4 No (the model is told)',
  '5 No, and stop the answer',
];

export class ToolRegistry {
  readonly #host: ToolHost;
  readonly #person: Person;
  #tools: readonly Tool[] = [];
  readonly #commands = new Map<string, ToolCommand>();
  readonly #trusted = new Set<string>();
  readonly #source: ToolSource | undefined;
  /** Servers whose tools run without a question. */
  readonly #trustedServers = new Set<string>();
  /** The model of this turn takes tools. */
  #offersServers = false;
  #toldUnsupported = false;

  constructor(host: ToolHost, person: Person, source?: ToolSource) {
    this.#host = host;
    this.#person = person;
    this.#source = source;
  }

  /** What goes with a request: nothing while there are no tools. */
  get request(): {readonly tools?: readonly Tool[]} {
    const tools = [...this.#tools, ...(this.#offersServers ? (this.#source?.tools ?? []) : [])];
    return tools.length === 0 ? {} : {tools};
  }

  /** Takes up what has changed at the servers, at the beginning of a turn; what the person should know of it. */
  async refresh({id, contextSize, supportsTools}: ModelInfo): Promise<readonly string[]> {
    if (this.#source === undefined) return [];
    this.#offersServers = supportsTools;
    if (supportsTools)
      return await this.#source.refresh({contextSize, taken: new Set(this.#tools.map(({name}) => name))});
    if (this.#toldUnsupported) return [];
    this.#toldUnsupported = true;
    return [`${id} does not support tools: those of MCP servers are not offered`];
  }

  /** Asks whether the model, which has called tools so often in a row, may go on. */
  async mayGoOn(rounds: number, signal: AbortSignal): Promise<boolean> {
    const items = ['1 Yes', '2 No, the answer ends here'].map((label) => ({label, detail: ''}));
    this.#person.working('waiting for your answer');
    try {
      const question = {title: `${rounds} calls in a row: go on?`, items, question: true, selected: 1};
      return (await Promise.race([this.#person.pick(question), aborted(signal)])) === 0;
    } finally {
      this.#person.working(undefined);
    }
  }

  /** Takes the place of the tools there were. */
  async load(path: string): Promise<void> {
    const tools = await this.#host.load(path);
    this.clear();
    this.#tools = tools;
  }

  clear(): void {
    this.#tools = [];
    this.#commands.clear();
    this.#trusted.clear();
  }

  /** Takes `name=command`. @throws EngineError `usage` for anything else, and for a tool there is not. */
  command(text: string): void {
    const command = this.#host.parse(text);
    if (!this.#tools.some(({name}) => name === command.name)) {
      const known = this.#tools.map(({name}) => name).join(', ') || 'none (/tools FILE loads some)';
      throw new EngineError('usage', `there is no tool called ${command.name}`, {hint: `Available tools: ${known}`});
    }
    this.#commands.set(command.name, command);
    // The permission was for another command.
    this.#trusted.delete(command.name);
  }

  /** One line a tool: its name, what runs it, what it is for. */
  list(columns: number): string[] {
    const own = this.#tools.map(({name, description}) => {
      const line = this.#commands.get(name)?.line;
      const runs =
        line === undefined ? 'no command set' : `runs ${line}${this.#trusted.has(name) ? '' : ' (asks first)'}`;
      return toolRow(name, runs, description, columns);
    });
    return [...own, ...this.#listServers(columns)];
  }

  #listServers(columns: number): string[] {
    if (this.#source === undefined) return [];
    const tools = this.#source.tools.map(({name, description}) => {
      const {server = '', permission} = this.#source?.origin(name) ?? {};
      const asks = permission === 'ask' && !this.#trusted.has(name) && !this.#trustedServers.has(server);
      const how = permission === 'deny' ? ' (denied)' : asks ? ' (asks first)' : '';
      return toolRow(name, `MCP server ${server}${how}`, description, columns);
    });
    return [...this.#source.list().map((line) => shorten(rowText(`MCP server ${line}`), columns)), ...tools];
  }

  /** What the schemas of the tools ask for and nothing enforces, one line each. */
  async notes(columns: number): Promise<string[]> {
    // Not for the first frame.
    const {schemaNotes} = await import('../../engine/template/encode/answer-grammar.ts');
    return atOnce(schemaNotes({tools: this.#tools})).map((note) => shorten(rowText(`note: ${note}`), columns));
  }

  /** Runs a call of the model, once the person has agreed. What it throws is told to the model. */
  async run(call: ParsedToolCall, signal: AbortSignal): Promise<string> {
    const command = this.#commands.get(call.name);
    const origin = this.#tools.some(({name}) => name === call.name) ? undefined : this.#source?.origin(call.name);
    if (this.#source !== undefined && origin !== undefined)
      return await this.#runAt(this.#source, origin, call, signal);
    if (command === undefined) {
      throw new EngineError(
        'tool_failed',
        `no command is set for ${call.name}; set one with /tools ${call.name}=COMMAND`,
      );
    }
    try {
      if (!this.#trusted.has(call.name)) await this.#ask(command, call, signal);
      this.#person.working(`running ${call.name}`);
      return await this.#host.run(command, call, signal, (text) => this.#note(text));
    } finally {
      this.#person.working(undefined);
    }
  }

  /** A call of a server's tool. */
  async #runAt(source: ToolSource, origin: ToolOrigin, call: ParsedToolCall, signal: AbortSignal): Promise<string> {
    const {server, permission} = origin;
    if (permission === 'deny') throw new EngineError('tool_failed', 'The user has not allowed this call.');
    const isAllowed = permission === 'allow' || this.#trusted.has(call.name) || this.#trustedServers.has(server);
    try {
      if (!isAllowed) await this.#askAt(origin, call, signal);
      this.#person.working(`running ${call.name}`);
      return await source.run(call, signal);
    } finally {
      this.#person.working(undefined);
    }
  }

  async #askAt({server, tool}: ToolOrigin, call: ParsedToolCall, signal: AbortSignal): Promise<void> {
    const chosen = await this.#chosen(`calls ${tool} of the MCP server ${server}`, SERVER_CHOICES, 3, call, signal);
    if (chosen === 4) this.#person.stop();
    signal.throwIfAborted();
    if (chosen === 3) throw new EngineError('tool_failed', 'the user refused this call');
    if (chosen === 1) this.#trusted.add(call.name);
    if (chosen === 2) this.#trustedServers.add(server);
  }

  #note(text: string): void {
    const {theme} = this.#person;
    this.#person.print(paint(shorten(rowText(`note: ${text}`), this.#person.columns()), theme.dim));
  }

  /** Returns when the call may run. */
  async #ask(command: ToolCommand, call: ParsedToolCall, signal: AbortSignal): Promise<void> {
    const chosen = await this.#chosen(`runs ${command.line.trim()}`, CHOICES, CHOICES.length - 1, call, signal);
    signal.throwIfAborted();
    if (chosen === 2) throw new EngineError('tool_failed', 'the user refused this call');
    if (chosen === 1) this.#trusted.add(call.name);
  }

  /** What the person chose. Leaving the question open stops the turn, as Esc and Ctrl-C do everywhere. */
  async #chosen(
    what: string,
    choices: readonly string[],
    selected: number,
    call: ParsedToolCall,
    signal: AbortSignal,
  ): Promise<number | undefined> {
    const {theme} = this.#person;
    this.#person.working('waiting for your answer');
    this.#person.print(...questionRows(call, what, this.#person.columns(), theme));
    const items = choices.map((label) => ({label, detail: ''}));
    const chosen = await Promise.race([
      this.#person.pick({title: `run ${call.name}?`, items, question: true, selected}),
      aborted(signal),
    ]);
    if (chosen === undefined) this.#person.stop();
    return chosen;
  }
}

/** One line of a list of tools. */
function toolRow(name: string, runs: string, description: string, columns: number): string {
  return shorten(rowText(`${name}: ${runs}. ${description}`.replaceAll(/\s+/g, ' ')), columns);
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(undefined), {once: true});
  });
}
