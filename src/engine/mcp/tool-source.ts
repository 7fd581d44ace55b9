// Tools that come from elsewhere and run by themselves, such as those of MCP servers: what a chat asks of them.
import type {ParsedToolCall} from '../contract/backend.ts';
import type {Tool} from '../contract/requests.ts';

/** What has been decided about a tool beforehand: `ask` when nothing has. */
export type Permission = 'allow' | 'deny' | 'ask';

/** Where a tool is from, for whoever has to decide about a call. In words of others: not cleaned. */
export interface ToolOrigin {
  readonly server: string;
  /** Its name there. */
  readonly tool: string;
  readonly permission: Permission;
}

/** What the tools are offered for. */
export interface Offer {
  /** Tokens of the context; undefined where nobody knows. */
  readonly contextSize?: number | undefined;
  /** Names that are taken by other tools. */
  readonly taken: ReadonlySet<string>;
}

export interface ToolSource {
  /** What a request offers: the same from one `refresh` to the next. */
  readonly tools: readonly Tool[];
  /** Where the tool of this name is from; undefined for a name of no tool here. */
  origin(name: string): ToolOrigin | undefined;
  /**
   * Takes up what has changed since the last time, at the beginning of a turn. Returns what a person should know, one line
   * each, in words of others: not cleaned.
   */
  refresh(offer: Offer): Promise<readonly string[]>;
  /** One line a source: its name, how it is, how many tools it has. */
  list(): readonly string[];
  /** Runs a call. @throws EngineError `tool_failed` with what the model is told. */
  run(call: ParsedToolCall, signal: AbortSignal): Promise<string>;
}
