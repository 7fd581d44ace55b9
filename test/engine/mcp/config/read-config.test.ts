// biome-ignore-all lint/suspicious/noTemplateCurlyInString: places of variables, as people write them
import {expect, test} from 'vitest';
import {type ConfigContext, readServerFile} from '../../../../src/engine/mcp/config/read-config.ts';

const CONTEXT = {file: '/p/mcp.json', cwd: '/p', env: {HOME: '/home/me', TOKEN: 't0', EMPTY: ''}};

function read(document: unknown, more: Partial<ConfigContext> = {}) {
  return readServerFile(typeof document === 'string' ? document : JSON.stringify(document), {...CONTEXT, ...more});
}

const one = async (entry: unknown, more: Partial<ConfigContext> = {}) => {
  const {servers, problems} = await read({mcpServers: {s: entry}}, more);
  return {server: servers[0], transport: servers[0]?.transport, problems};
};

test("Claude's and Cursor's form", async () => {
  const {servers, problems} = await read({
    mcpServers: {
      fs: {command: 'npx', args: ['-y', 'server', '.'], env: {LEVEL: 1, ON: true, NAME: 'x'}},
      web: {type: 'http', url: 'https://a.example/mcp', headers: {Authorization: 'Bearer ${TOKEN}'}},
      old: {type: 'sse', url: 'https://a.example/sse'},
      cursor: {url: 'https://a.example/mcp'},
    },
  });
  expect(problems).toEqual([]);
  expect(servers.map(({name, transport}) => [name, transport])).toEqual([
    ['fs', {kind: 'stdio', command: 'npx', args: ['-y', 'server', '.'], env: {LEVEL: '1', ON: 'true', NAME: 'x'}}],
    ['web', {kind: 'http', url: 'https://a.example/mcp', headers: {Authorization: 'Bearer t0'}}],
    ['old', {kind: 'sse', url: 'https://a.example/sse', headers: {}}],
    ['cursor', {kind: 'any', url: 'https://a.example/mcp', headers: {}}],
  ]);
  expect(servers[0]).toMatchObject({origin: '/p/mcp.json', startMs: 60_000, callMs: 60_000, disabled: false});
});

test("VS Code's form, with comments, commas, its folder and inputs", async () => {
  const asked: string[] = [];
  const text = `{
    // the servers
    "inputs": [{"type": "promptString", "id": "key", "description": "Key // of it", "password": true},],
    "servers": {"s": {"type": "stdio", "command": "\${workspaceFolder}/run", /* why */ "args": ["--key", "\${input:key}"],
      "env": {"K": "\${input:key}", "T": "\${env:TOKEN}"}}}
  }`;
  const ask = async ({
    id,
    password,
    description,
  }: {
    id: string;
    password?: boolean | undefined;
    description?: string | undefined;
  }) => {
    asked.push(`${id} ${password} ${description}`);
    return 'k1';
  };
  const {servers, problems} = await read(text, {ask});
  expect(problems).toEqual([]);
  expect(servers[0]?.transport).toEqual({
    kind: 'stdio',
    command: '/p/run',
    args: ['--key', 'k1'],
    env: {K: 'k1', T: 't0'},
  });
  expect(asked).toEqual(['key true Key // of it']);
});

test('an input that nobody can be asked for is a problem of its server alone', async () => {
  const {servers, problems} = await read({
    inputs: [{id: 'key'}, {id: 'other', default: 'd'}],
    servers: {a: {command: 'x', args: ['${input:key}']}, b: {command: 'x', args: ['${input:other}']}},
  });
  expect(servers.map(({name}) => name)).toEqual(['b']);
  expect(problems).toEqual(['a (/p/mcp.json) is not used: it asks for key, and nobody at a terminal has given it']);
});

test("Gemini CLI's form", async () => {
  const {server, transport, problems} = await one({
    httpUrl: 'https://a.example/mcp',
    timeout: 30_000,
    includeTools: ['a'],
    excludeTools: ['b'],
    trust: true,
  });
  expect(transport).toMatchObject({kind: 'http', url: 'https://a.example/mcp'});
  expect(server).toMatchObject({callMs: 30_000, tools: ['a'], exclude: ['b'], allow: []});
  expect(problems).toEqual(['s (/p/mcp.json): "trust" is not known here and does nothing']);
});

test("Vibe's list", async () => {
  const {servers, problems} = await read({
    mcp_servers: [
      {
        name: 'a',
        transport: 'stdio',
        command: 'x',
        startup_timeout_sec: 10,
        tool_timeout_sec: 2,
        disabled_tools: ['t'],
      },
      {name: 'b', transport: 'streamable-http', url: 'http://127.0.0.1:1/mcp', api_key_env: 'TOKEN'},
      {name: 'c', transport: 'http', url: 'http://127.0.0.1:1/mcp', api_key_env: 'NOTHING'},
    ],
  });
  expect(servers[0]).toMatchObject({name: 'a', startMs: 10_000, callMs: 2000, exclude: ['t']});
  expect(servers[1]?.transport).toMatchObject({kind: 'http', headers: {Authorization: 'Bearer t0'}});
  expect(problems).toEqual(['c (/p/mcp.json) is not used: the variable NOTHING must be set, as api_key_env names it']);
});

test('our own form', async () => {
  const {servers} = await read({
    mcp: {
      s: {command: 'x', cwd: 'sub', timeout: 5, tools: ['a'], exclude: ['b'], allow: ['s_r*'], deny: ['s_w*']},
      off: {command: '${NOT_SET}', disabled: true},
    },
  });
  expect(servers[0]).toMatchObject({
    transport: {cwd: '/p/sub'},
    ...{callMs: 5000, tools: ['a'], exclude: ['b'], allow: ['s_r*'], deny: ['s_w*']},
  });
  expect(servers[1]).toMatchObject({disabled: true});
});

test.each([
  ['${TOKEN}', 't0'],
  ['a${TOKEN}b${HOME}', 'at0b/home/me'],
  ['${NOT_SET:-x y}', 'x y'],
  ['${EMPTY:-x}', 'x'],
  ['${NOT_SET:-}', ''],
  ['${EMPTY}', ''],
  ['$TOKEN ${', '$TOKEN ${'],
])('%s is %j', async (given, expected) => {
  expect((await one({command: 'x', args: [given]})).transport).toMatchObject({args: [expected]});
});

test.each([
  [{command: 'x', args: ['${NOT_SET}']}, 'the variable NOT_SET is not set'],
  [{}, 'it must be an object with "command" or "url"'],
  [7, 'it must be an object'],
  [{command: 7}, 'command must be a string'],
  [{command: ' '}, 'command must be there'],
  [{command: 'x', args: 'y'}, 'args must be a list'],
  [{command: 'x', args: [null]}, 'args[0] must be a string'],
  [{url: 'file:///etc/passwd'}, 'url must be an address that begins with http:// or https://'],
  [{url: 'https://a.example/', auth: 'oauth'}, '"auth" is not supported: there is no login by OAuth'],
  [{url: 'a b'}, 'url must be an address'],
  [{type: 'ws', url: 'https://a.example/'}, 'type must be stdio, http or sse, not "ws"'],
  [{type: 'constructor', command: 'x'}, 'type must be stdio'],
  [{command: 'x', timeout: 0}, 'a timeout must be above 0'],
  [{command: 'x', allow: ['fs read']}, 'allow must be patterns'],
])('a server %j is not used: %s', async (entry, reason) => {
  const {server, problems} = await one(entry);
  expect(server).toBeUndefined();
  expect(problems[0]).toContain(`s (/p/mcp.json) is not used: ${reason}`);
});

test('a name that is used twice, empty or long is a problem', async () => {
  const {servers, problems} = await read({
    mcpServers: {a: {command: 'x'}, '': {command: 'x'}},
    servers: {a: {command: 'y'}, ['n'.repeat(101)]: {command: 'x'}},
  });
  expect(servers).toHaveLength(1);
  expect(problems).toHaveLength(3);
});

test.each([
  ['{', 'is no JSON'],
  ['[]', 'names no MCP servers: it must be an object'],
  ['{}', 'it has none of mcpServers, servers, mcp and mcp_servers'],
  ['{"mcpServers": 1}', 'mcpServers must be an object'],
  ['{"mcp_servers": [1]}', 'mcp_servers[0] must be an object'],
  ['{"servers": {}, "inputs": {}}', 'inputs must be a list'],
  ['{"a": "// no comment", "mcpServers": "/* nor */"}', 'mcpServers must be an object'],
])('the file %s is refused: %s', async (text, reason) => {
  await expect(read(text)).rejects.toMatchObject({code: 'usage', message: expect.stringContaining(reason)});
});
