// What is known of an MCP server before it is started, whichever program's file it was written for.

/** A program that speaks over its stdin and stdout. */
export interface StdioServer {
  readonly kind: 'stdio';
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Absent: the working folder. */
  readonly cwd?: string;
}

/** A server at an address; `any`: streamable HTTP, and where that is refused the older SSE. */
export interface HttpServer {
  readonly kind: 'http' | 'sse' | 'any';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface ServerConfig {
  readonly name: string;
  /** The file it stands in. */
  readonly origin: string;
  readonly transport: StdioServer | HttpServer;
  /** For it to start and list its tools. Milliseconds. */
  readonly startMs: number;
  /** For one call. Milliseconds. */
  readonly callMs: number;
  /** The tools that are offered, by their names there; absent: all. */
  readonly tools?: readonly string[];
  readonly exclude: readonly string[];
  readonly disabled: boolean;
  /** Patterns of names as the model calls them. */
  readonly allow: readonly string[];
  readonly deny: readonly string[];
}

export interface ReadServers {
  readonly servers: readonly ServerConfig[];
  /** What is wrong with one server, with which the others go on; and what was not read. One line each. */
  readonly problems: readonly string[];
}
