// Reads the servers out of a file: the forms of Claude, Cursor, VS Code, Gemini CLI and Vibe, and our own.
import {isAbsolute, resolve} from 'node:path';
import {EngineError} from '../../../base/errors.ts';
import {reasonOf} from '../../../base/files/file-error.ts';
import {parsePlainJson} from '../../../base/plain-json.ts';
import {
  anything,
  either,
  every,
  flag,
  list,
  number,
  object,
  record,
  type Shape,
  text,
  WrongShapeError,
} from '../../../base/shape.ts';
import {isToolPattern} from '../permission.ts';
import {type Ask, INPUT, type Input, Values} from './config-values.ts';
import {withoutComments} from './json-comments.ts';
import type {HttpServer, ReadServers, ServerConfig, StdioServer} from './server-config.ts';

const START_MS = 60_000;
const CALL_MS = 60_000;
/** Names of servers a person can tell apart in a list. */
const LONGEST_NAME = 100;

const texts = every(text);
/** Editors take numbers and switches for the value of a variable too. */
const scalar = either(text, either(number, flag));

const ENTRY = {
  name: text,
  type: text,
  transport: text,
  command: text,
  args: texts,
  env: record(scalar),
  cwd: text,
  url: text,
  httpUrl: text,
  headers: record(text),
  auth: anything,
  timeout: number,
  startup_timeout_sec: number,
  tool_timeout_sec: number,
  tools: anything,
  includeTools: texts,
  exclude: texts,
  excludeTools: texts,
  disabled_tools: texts,
  disabled: flag,
  allow: texts,
  deny: texts,
  api_key_env: text,
} as const;

/** Known of other programs, and without a meaning here. */
const PASSED_OVER = ['description', 'title', 'gallery', 'version', 'id', 'icon', 'dev'];

const readEntry = object(ENTRY);
type Entry = ReturnType<typeof readEntry>;

export interface ConfigContext {
  /** Where the file is: of paths, and shown. */
  readonly file: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Asks the person for an input of VS Code's form; absent: nobody can be asked. */
  readonly ask?: Ask;
}

/**
 * The servers of a file in JSON. What is wrong with one of them is a problem of that one.
 * @throws EngineError `usage` for a file that is no JSON, or has no servers in any form that is known.
 */
export async function readServerFile(json: string, context: ConfigContext): Promise<ReadServers> {
  let document: unknown;
  try {
    document = parsePlainJson(withoutComments(json));
  } catch (cause) {
    throw new EngineError('usage', `${context.file} is no JSON: ${reasonOf(cause)}`, {cause});
  }
  return await readServers(document, context);
}

const TABLES = ['mcpServers', 'servers', 'mcp', 'mcp_servers', 'inputs'] as const;

/** As `readServerFile`, for what was parsed. @throws EngineError `usage` */
export async function readServers(document: unknown, context: ConfigContext): Promise<ReadServers> {
  const {file} = context;
  const wrong = (why: string, cause?: unknown) =>
    new EngineError('usage', `${file} names no MCP servers: ${why}`, {
      hint: 'Write {"mcpServers": {"NAME": {"command": "...", "args": []}}}, or "url" in place of "command".',
      cause,
    });
  const tables = take(() => object(Object.fromEntries(TABLES.map((name) => [name, anything])))(document), wrong);
  const given = TABLES.filter((name) => name !== 'inputs' && tables[name] !== undefined);
  if (given.length === 0) throw wrong('it has none of mcpServers, servers, mcp and mcp_servers');
  const inputs = take(() => (tables.inputs === undefined ? [] : list(INPUT)(tables.inputs, 'inputs')), wrong);
  const values = new Values(context, inputs as readonly Input[]);
  const servers = new Map<string, ServerConfig>();
  const problems: string[] = [];
  for (const table of given) {
    for (const [name, entry] of take(() => entriesOf(tables[table], table), wrong)) {
      try {
        if (name === '' || name.length > LONGEST_NAME) throw new WrongShapeError('its name', 'of 1 to 100 characters');
        if (servers.has(name)) throw new WrongShapeError('its name', 'used once');
        const read = await readServer(name, entry, values, context);
        servers.set(name, read.server);
        problems.push(...read.notes);
      } catch (error) {
        if (!(error instanceof EngineError) && !(error instanceof WrongShapeError)) throw error;
        problems.push(`${name.slice(0, LONGEST_NAME)} (${file}) is not used: ${error.message}`);
      }
    }
  }
  return {servers: [...servers.values()], problems};
}

function take<T>(read: () => T, wrong: (why: string, cause: unknown) => EngineError): T {
  try {
    return read();
  } catch (cause) {
    throw cause instanceof WrongShapeError ? wrong(cause.message, cause) : cause;
  }
}

/** Vibe has a list of servers that say their name, the others an object. */
function entriesOf(table: unknown, path: string): [string, unknown][] {
  if (!Array.isArray(table)) return [...record(anything as Shape<unknown>)(table, path)];
  return table.map((entry, at) => [object({name: text})(entry, `${path}[${at}]`).name ?? '', entry]);
}

async function readServer(
  name: string,
  given: unknown,
  values: Values,
  {file, cwd, env}: ConfigContext,
): Promise<{server: ServerConfig; notes: string[]}> {
  const entry = readEntry(given);
  const disabled = entry.disabled === true;
  const unread = Object.keys(given as object).filter((key) => !Object.hasOwn(ENTRY, key) && !PASSED_OVER.includes(key));
  const notes = unread.map((key) => `${name} (${file}): "${key}" is not known here and does nothing`);
  // Of one that is not started, no variable need be there.
  const transport = await transportOf(entry, disabled ? values.asWritten : values, {cwd, env});
  const only = entry.includeTools ?? (entry.tools === undefined ? undefined : texts(entry.tools, 'tools'));
  const patterns = (key: 'allow' | 'deny') => {
    const wrong = entry[key]?.find((pattern) => !isToolPattern(pattern));
    if (wrong === undefined) return entry[key] ?? [];
    throw new WrongShapeError(key, `patterns of letters, digits, _, - and *, not ${JSON.stringify(wrong)}`);
  };
  const seconds = (value: number | undefined) => (value === undefined ? undefined : positive(value) * 1000);
  const server: ServerConfig = {
    name,
    origin: file,
    transport,
    startMs: seconds(entry.startup_timeout_sec) ?? START_MS,
    callMs: seconds(entry.tool_timeout_sec) ?? milliseconds(entry.timeout) ?? CALL_MS,
    ...(only !== undefined && {tools: only}),
    exclude: [...(entry.exclude ?? []), ...(entry.excludeTools ?? []), ...(entry.disabled_tools ?? [])],
    disabled,
    allow: patterns('allow'),
    deny: patterns('deny'),
  };
  return {server, notes};
}

/** Some programs count in seconds and some in milliseconds: nobody means a thousand seconds, nor less than one. */
function milliseconds(timeout: number | undefined): number | undefined {
  if (timeout === undefined) return undefined;
  return positive(timeout) >= 1000 ? timeout : timeout * 1000;
}

function positive(value: number): number {
  if (value > 0 && value <= 86_400_000) return value;
  throw new WrongShapeError('a timeout', 'above 0 and at most a day');
}

const KINDS: Readonly<Record<string, 'stdio' | 'http' | 'sse'>> = {
  stdio: 'stdio',
  local: 'stdio',
  http: 'http',
  'streamable-http': 'http',
  streamableHttp: 'http',
  sse: 'sse',
};

async function transportOf(
  entry: Entry,
  values: Pick<Values, 'of' | 'ofAll' | 'ofList'>,
  {cwd, env}: Pick<ConfigContext, 'cwd' | 'env'>,
): Promise<StdioServer | HttpServer> {
  const said = entry.type ?? entry.transport;
  const kind = said === undefined ? undefined : Object.hasOwn(KINDS, said) ? KINDS[said] : 'unknown';
  if (kind === 'unknown') throw new WrongShapeError('type', `stdio, http or sse, not ${JSON.stringify(said)}`);
  const address = entry.httpUrl ?? entry.url;
  if (kind === 'stdio' || (kind === undefined && entry.command !== undefined)) {
    if (entry.command === undefined || entry.command.trim() === '') throw new WrongShapeError('command', 'there');
    const folder = entry.cwd === undefined ? undefined : await values.of(entry.cwd);
    return {
      kind: 'stdio',
      command: await values.of(entry.command),
      args: await values.ofList(entry.args ?? []),
      env: await values.ofAll(new Map([...(entry.env ?? [])].map(([key, value]) => [key, String(value)]))),
      ...(folder !== undefined && {cwd: isAbsolute(folder) ? folder : resolve(cwd, folder)}),
    };
  }
  if (address === undefined) throw new WrongShapeError('', 'an object with "command" or "url"');
  if (entry.auth !== undefined) {
    throw new EngineError('usage', '"auth" is not supported: there is no login by OAuth; give a key in "headers"');
  }
  const url = await values.of(address);
  if (!/^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : '')) {
    throw new WrongShapeError('url', 'an address that begins with http:// or https://');
  }
  const headers = await values.ofAll(entry.headers ?? new Map());
  if (entry.api_key_env !== undefined) {
    const key = env[entry.api_key_env];
    if (!key) throw new WrongShapeError(`the variable ${entry.api_key_env}`, 'set, as api_key_env names it');
    headers.Authorization ??= `Bearer ${key}`;
  }
  const isAny = kind === undefined && entry.httpUrl === undefined;
  return {kind: isAny ? 'any' : (kind ?? 'http'), url, headers};
}
