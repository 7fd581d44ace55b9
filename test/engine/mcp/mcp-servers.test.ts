import {join} from 'node:path';
import {afterEach, expect, test} from 'vitest';
import {toPlain} from '../../../src/base/json.ts';
import {startServer} from '../../../src/commands/mcp/server-process.ts';
import type {ServerConfig, StdioServer} from '../../../src/engine/mcp/config/server-config.ts';
import {McpServers} from '../../../src/engine/mcp/mcp-servers.ts';
import type {PermissionRules} from '../../../src/engine/mcp/permission.ts';

const PROGRAM = join(import.meta.dirname, '../../fixtures/mcp-server.js');
const NEVER = new AbortController().signal;
const OFFER = {taken: new Set<string>()};

const open: McpServers[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((servers) => servers.close()));
});

interface Given extends Partial<ServerConfig> {
  readonly env?: Record<string, string>;
  readonly command?: string;
  readonly rules?: PermissionRules;
}

function configOf(how: string, {env = {}, command = process.execPath, rules: _, ...given}: Given = {}): ServerConfig {
  const transport: StdioServer = {kind: 'stdio', command, args: [PROGRAM, how], env};
  const lists = {exclude: [], allow: [], deny: []};
  return {name: 's', origin: 'a.json', transport, startMs: 20_000, callMs: 20_000, disabled: false, ...lists, ...given};
}

/** Servers that are started, and what is told of them at the first turn. */
async function started(how: string, given: Given = {}, offer = OFFER) {
  const log: string[] = [];
  const servers = new McpServers([configOf(how, given)], {
    cwd: import.meta.dirname,
    version: '1',
    spawn: (server) => startServer(server, import.meta.dirname, {...process.env, SECRET_KEY: 'x'}),
    log: (_server, line) => log.push(line),
    rules: given.rules ?? {allow: [], deny: []},
  });
  open.push(servers);
  servers.start();
  await servers.settled();
  return {servers, log, news: await servers.refresh(offer), names: servers.tools.map(({name}) => name)};
}

const call = (name: string, args: unknown = {a: 1, b: 2}) => ({id: 'abcDEF123', name, arguments: JSON.stringify(args)});

test('a server over stdio offers its tools under its name, and answers a call', async () => {
  const {servers, news, names, log} = await started('well');
  expect(news).toEqual(['MCP server s: 2 tools']);
  expect(names).toEqual(['s_add', 's_env']);
  expect(log).toEqual(['Welcome to a server that prints a greeting']);
  expect(await servers.run(call('s_add'), NEVER)).toBe('3');
  expect(await servers.refresh(OFFER)).toEqual([]);
});

test('a server sees the variables every server sees, those of its own, and no key', async () => {
  const {servers} = await started('well', {env: {OWN: '1'}});
  const seen = (await servers.run(call('s_env', {}), NEVER)).split(' ');
  expect(seen).toContain('OWN');
  const known = ['HOME', 'LOGNAME', 'MISTRAL_CHILD', 'OWN', 'PATH', 'SHELL', 'TERM', 'USER'];
  expect(seen.filter((name) => !known.includes(name))).toEqual([]);
});

test('arguments that do not fit the schema are not sent', async () => {
  const {servers} = await started('well');
  await expect(servers.run(call('s_add', {a: 'x', b: 2}), NEVER)).rejects.toThrow('was not sent');
  await expect(servers.run(call('s_add', [1]), NEVER)).rejects.toThrow('must be an object');
  await expect(servers.run(call('s_nothing'), NEVER)).rejects.toThrow('there is no tool s_nothing');
});

test('the schema that is offered does not say of which draft it is', async () => {
  const {servers} = await started('well');
  expect(toPlain(servers.tools[0]?.parameters ?? null)).toEqual({
    type: 'object',
    properties: {a: {type: 'number'}, b: {type: 'number'}},
    required: ['a', 'b'],
  });
});

test.each([
  ['silent', {startMs: 300}, 'MCP server s cannot be used: it did not start within 0.3 s'],
  ['dies', {}, 'it wrote last:\n  cannot read the settings\n  the program ended with exit code 3'],
  ['well', {command: '/nowhere/at-all'}, 'there is no program /nowhere/at-all'],
  ['flood', {}, '\n  [it sent a message of more than 10 MiB, and is ended]'],
])('a server that is %s is told with its reason, and the others go on: %j', async (how, given, reason) => {
  const {news, names} = await started(how, given);
  expect(news).toHaveLength(1);
  expect(news[0]).toContain(reason);
  expect(names).toEqual([]);
});

test.each([
  ['image', '[image/png, 6 bytes, not shown: the model reads text]'],
  ['empty', 'The tool returned nothing.'],
  ['structured', '{"sum":3}'],
  // Kept to the model: a face cleans what it shows.
  ['control', '\u001b[2Jgone\u0007'],
])('a result that is %s reads %j', async (how, said) => {
  const {servers} = await started(how);
  expect(await servers.run(call('s_add'), NEVER)).toBe(said);
});

test('a result is cut in the middle to what the context bears', async () => {
  const {servers} = await started('long', {}, {contextSize: 1024, taken: new Set()} as typeof OFFER);
  const said = await servers.run(call('s_add'), NEVER);
  expect(said).toMatch(/^0123456789[\s\S]*\[\.\.\. 998,976 characters left out \.\.\.\][\s\S]*0123456789$/);
  expect(said.length).toBeLessThan(1100);
});

test('a result that says of itself that it failed is a failure with its words', async () => {
  const {servers} = await started('error');
  await expect(servers.run(call('s_add'), NEVER)).rejects.toThrow('it went wrong');
});

test('a server that does not answer a call is left after its time, one that dies at once', async () => {
  const deaf = await started('deaf', {callMs: 200});
  await expect(deaf.servers.run(call('s_add'), NEVER)).rejects.toThrow('s did not answer within 0.2 s');
  const dying = await started('dies-at-call');
  await expect(dying.servers.run(call('s_add'), NEVER)).rejects.toThrow('s is not there: it has ended');
  expect((await dying.servers.refresh(OFFER))[0]).toContain('out of luck');
  expect(dying.servers.tools).toEqual([]);
});

test('a stop ends a call with its reason', async () => {
  const {servers} = await started('deaf');
  const stop = new AbortController();
  const running = servers.run(call('s_add'), stop.signal);
  setTimeout(() => stop.abort(new Error('enough')), 50);
  await expect(running).rejects.toThrow('enough');
});

test('a list that changes is taken up at the next turn, and told', async () => {
  const {servers, names} = await started('changing');
  expect(names).toEqual(['s_add']);
  await servers.run(call('s_add'), NEVER);
  expect(servers.tools).toHaveLength(1);
  expect(await servers.refresh(OFFER)).toEqual([
    'MCP server s: +1 tool; the prompt is evaluated again from its beginning',
  ]);
  expect(servers.tools.map(({name}) => name)).toEqual(['s_add', 's_more']);
});

test('of a thousand tools as many are offered as there is room for, and the rest is named', async () => {
  const {servers, news} = await started('many');
  expect(servers.tools).toHaveLength(128);
  expect(news[1]).toContain('t128, t129, t130 and 869 more; choose with "tools" or "exclude"');
  const small = await started('many', {}, {contextSize: 1024, taken: new Set()} as typeof OFFER);
  expect(small.servers.tools).toHaveLength(28);
});

test('names are within the rule of the model, and a name given twice is one tool', async () => {
  const {names, news} = await started('names');
  expect(names).toEqual(['s_add', 's_a__2J_b_c', `s_${'n'.repeat(53)}_df13833e`]);
  expect(news).toContain('s: add is left out: the server lists it twice');
});

test('a tool whose schema is none, or beyond measure, is left out', async () => {
  const {names, news} = await started('schema');
  expect(names).toEqual(['s_add']);
  expect(news[1]).toContain('s: bad is left out: its schema is none: /properties/a/type');
  const huge = await started('huge');
  expect(huge.names).toEqual(['s_add']);
  expect(huge.news[1]).toBe('s: huge is left out: its schema is none: it has more than 1000000 characters');
});

test('a configuration chooses among the tools', async () => {
  expect((await started('well', {tools: ['env']})).names).toEqual(['s_env']);
  expect((await started('well', {exclude: ['env']})).names).toEqual(['s_add']);
  expect((await started('well', {}, {taken: new Set(['s_add'])})).names).toEqual(['s_env']);
});

test('what is denied anywhere is denied, then what is allowed anywhere is allowed', async () => {
  const rules = {allow: ['s_*'], deny: []};
  const {servers} = await started('well', {rules, deny: ['s_env']});
  expect(servers.origin('s_add')).toEqual({server: 's', tool: 'add', permission: 'allow'});
  expect(servers.origin('s_env')?.permission).toBe('deny');
  expect((await started('well')).servers.origin('s_add')?.permission).toBe('ask');
  expect(servers.origin('add')).toBeUndefined();
});

test('a server that will not end is ended', async () => {
  const {servers} = await started('stubborn');
  const before = performance.now();
  await servers.close();
  expect(performance.now() - before).toBeLessThan(5000);
  await expect(servers.run(call('s_add'), NEVER)).rejects.toThrow('is not there');
});
