import {mkdirSync, readFileSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {openServers} from '../../../src/commands/mcp/open-servers.ts';
import {runAllowed} from '../../../src/commands/mcp/piped-tools.ts';
import {run} from '../../../src/commands/program.ts';
import type {Permission, ToolSource} from '../../../src/engine/mcp/tool-source.ts';
import {fakeIo} from '../../fakes/io.ts';
import {folderWith} from '../../fixtures/folder.ts';

const PROGRAM = join(import.meta.dirname, '../../fixtures/mcp-server.js');
const SERVER = {command: process.execPath, args: [PROGRAM, 'well']};
const FILE = JSON.stringify({mcpServers: {fix: SERVER}});

/** A project with a file of servers, and a user of its own. */
function project(files: Record<string, string> = {'.mcp.json': FILE}) {
  const cwd = folderWith(files);
  const env = {
    ...process.env,
    MISTRAL_NO_CONFIG: '',
    MISTRAL_STATE_DIR: join(cwd, 'state'),
    MISTRAL_CONFIG: join(cwd, 'user.toml'),
  };
  writeFileSync(env.MISTRAL_CONFIG, files['user.toml'] ?? '');
  const mistral = async (line: string) => {
    const io = {...fakeIo(), cwd, env};
    return {code: await run('mistral', line.split(' '), io), out: io.out(), err: io.err()};
  };
  const opened = async (flags: object = {}, folder = cwd) => {
    const io = {...fakeIo(), cwd: folder, env};
    const servers = await openServers(io, flags);
    await servers?.settled();
    const list = servers?.list();
    await servers?.close();
    return {list, err: io.err()};
  };
  return {cwd, mistral, opened};
}

test('a file is used in its project once it is trusted, and no longer when it has changed', async () => {
  const {cwd, mistral, opened} = project();
  expect(await opened()).toEqual({list: undefined, err: ''});
  expect(await mistral('mcp trust .mcp.json')).toEqual({
    code: 0,
    out: '',
    err: `${cwd}/.mcp.json is trusted as it is now: fix\n`,
  });
  expect(statSync(join(cwd, 'state/mcp.json')).mode & 0o777).toBe(0o600);
  expect(await opened()).toEqual({list: ['fix: 2 tools'], err: ''});
  mkdirSync(join(cwd, 'sub'));
  expect((await opened({}, join(cwd, 'sub'))).list).toEqual(['fix: 2 tools']);
  expect((await opened({}, join(cwd, '..'))).list).toBeUndefined();
  expect((await opened({mcp: false})).list).toBeUndefined();
  writeFileSync(join(cwd, '.mcp.json'), `${FILE} `);
  const changed = await opened();
  expect(changed.list).toBeUndefined();
  expect(changed.err).toContain('has changed and is not used');
  await mistral('mcp trust --remove .mcp.json');
  expect((await opened()).err).toBe('');
});

test('servers of the settings are used, those of a project once it is trusted', async () => {
  const table = (name: string) =>
    `[mcp.${name}]\ncommand = ${JSON.stringify(process.execPath)}\nargs = ["${PROGRAM}"]\n`;
  const {opened, mistral} = project({'user.toml': table('mine'), '.mistral-chat.toml': table('theirs'), '.git': ''});
  const before = await opened();
  expect(before.list).toEqual(['mine: 2 tools']);
  expect(before.err).toContain('.mistral-chat.toml are not used; look at it, then: mistral config trust');
  await mistral('config trust');
  expect(await opened()).toEqual({list: ['mine: 2 tools', 'theirs: 2 tools'], err: ''});
  expect((await opened({config: false})).list).toBeUndefined();
});

test('list names servers and decisions, and shows no value of env', async () => {
  const secret = {...SERVER, env: {KEY: 'hush'}, disabled: true};
  const {mistral, cwd} = project({'a.json': JSON.stringify({mcpServers: {fix: secret}})});
  await mistral('mcp allow fix_* other');
  await mistral('mcp allow --deny fix_env');
  const {code, out} = await mistral('mcp list --mcp-config a.json');
  expect(code).toBe(0);
  expect(out).toBe(
    `fix (disabled): ${process.execPath} ${PROGRAM} well, from ${cwd}/a.json\nallowed: fix_*\nallowed: other\ndenied: fix_env\n`,
  );
  await mistral('mcp allow --remove other fix_env');
  expect(readFileSync(join(cwd, 'state/mcp.json'), 'utf8')).toBe(
    '{\n  "allow": [\n    "fix_*"\n  ],\n  "deny": [],\n  "trusted": {}\n}\n',
  );
});

test('test starts the servers and lists their tools by the names of the model', async () => {
  const {mistral} = project();
  await mistral('mcp allow fix_add');
  const {code, out, err} = await mistral('mcp test --mcp-config .mcp.json');
  expect(code).toBe(0);
  expect(out).toBe('fix_add (allow): Adds two numbers.\nfix_env: Names of the variables it sees.\n');
  expect(err).toBe('MCP server fix: 2 tools\n');
});

test.each([
  ['mcp test', 2, 'there are no MCP servers'],
  ['mcp test nobody --mcp-config .mcp.json', 2, 'there is no MCP server nobody'],
  ['mcp allow a/b', 2, 'a/b is no pattern of tools'],
  ['mcp trust nothing.json', 1, 'cannot be read'],
  ['mcp trust --remove .mcp.json', 2, 'is not trusted'],
  ['mcp list --mcp-config broken.json', 2, 'is no JSON'],
])('mistral %s ends with %i: %s', async (line, code, reason) => {
  const {mistral} = project({'.mcp.json': FILE, 'broken.json': '{'});
  const outcome = await mistral(line);
  expect(outcome.code).toBe(code);
  expect(outcome.err).toContain(reason);
});

test('a server that cannot be used is told by test with exit code 5', async () => {
  const {mistral} = project({'a.json': JSON.stringify({mcpServers: {s: {command: '/nowhere/at-all'}}})});
  const {code, err} = await mistral('mcp test --mcp-config a.json');
  expect(code).toBe(5);
  expect(err).toContain('there is no program /nowhere/at-all');
});

test('where nobody can be asked, what is not allowed is refused, and told with the flag', async () => {
  const said: string[] = [];
  const source = (permission: Permission): ToolSource => ({
    tools: [],
    origin: () => ({server: 's', tool: 'a', permission}),
    refresh: async () => [],
    list: () => [],
    run: async () => 'ran',
  });
  const call = {id: 'abcDEF123', name: 's_a', arguments: '{}'};
  const ran = (permission: Permission) =>
    runAllowed((line) => said.push(line), source(permission), call, new AbortController().signal);
  expect(await ran('allow')).toBe('ran');
  await expect(ran('ask')).rejects.toThrow('The user has not allowed this call.');
  await expect(ran('deny')).rejects.toThrow('The user has not allowed this call.');
  expect(said).toEqual([
    'note: s_a was not run: nobody could be asked; --allow s_a allows it',
    'note: s_a was not run: it is denied',
  ]);
});
