// The tools of a chat: what the model may call, which command runs a call, and the person's permission for it.

import {shorten} from '../../base/cells/graphemes.ts';
import {EngineError} from '../../base/errors.ts';
import {atOnce} from '../../base/in-turns.ts';
import type {ParsedToolCall} from '../../engine/contract/backend.ts';
import type {Tool, ToolCall} from '../../engine/contract/requests.ts';
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

export class ToolRegistry {
  readonly #host: ToolHost;
  readonly #person: Person;
  #tools: readonly Tool[] = [];
  readonly #commands = new Map<string, ToolCommand>();
  readonly #trusted = new Set<string>();

  constructor(host: ToolHost, person: Person) {
    this.#host = host;
    this.#person = person;
  }

  /** What goes with a request: nothing while there are no tools. */
  get request(): {readonly tools?: readonly Tool[]} {
    return this.#tools.length === 0 ? {} : {tools: this.#tools};
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
    return this.#tools.map(({name, description}) => {
      const line = this.#commands.get(name)?.line;
      const runs =
        line === undefined ? 'no command set' : `runs ${line}${this.#trusted.has(name) ? '' : ' (asks first)'}`;
      return shorten(rowText(`${name}: ${runs}. ${description}`.replaceAll(/\s+/g, ' ')), columns);
    });
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

  #note(text: string): void {
    const {theme} = this.#person;
    this.#person.print(paint(shorten(rowText(`note: ${text}`), this.#person.columns()), theme.dim));
  }

  /** Returns when the call may run. Leaving the question open stops the turn, as Esc and Ctrl-C do everywhere. */
  async #ask(command: ToolCommand, call: ParsedToolCall, signal: AbortSignal): Promise<void> {
    const {theme} = this.#person;
    this.#person.working('waiting for your answer');
    this.#person.print(...questionRows(call, command.line, this.#person.columns(), theme));
    const chosen = await Promise.race([
      this.#person.pick({
        title: `run ${call.name}?`,
        items: CHOICES.map((label) => ({label, detail: ''})),
        question: true,
        selected: CHOICES.length - 1,
      }),
      aborted(signal),
    ]);
    if (chosen === undefined) this.#person.stop();
    signal.throwIfAborted();
    if (chosen === 2) throw new EngineError('tool_failed', 'the user refused this call');
    if (chosen === 1) this.#trusted.add(call.name);
  }
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(undefined), {once: true});
  });
}
