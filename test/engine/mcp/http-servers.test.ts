// MCP servers at an address: streamable HTTP, and where their headers go.
import {createServer, type IncomingMessage, type Server, type ServerResponse} from 'node:http';
import type {AddressInfo} from 'node:net';
import {afterEach, expect, test} from 'vitest';
import type {HttpServer} from '../../../src/engine/mcp/config/server-config.ts';
import {checkHeaders} from '../../../src/engine/mcp/http-fetch.ts';
import {McpServers} from '../../../src/engine/mcp/mcp-servers.ts';

const NEVER = new AbortController().signal;
const open: {close(): unknown}[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function listening(answer: (request: IncomingMessage, reply: ServerResponse) => void): Promise<string> {
  const server: Server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push({close: () => server.closeAllConnections()}, {close: () => server.close()});
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A server of one tool that says which key it was given. */
function mcp(request: IncomingMessage, reply: ServerResponse): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    if (request.method !== 'POST') return void reply.writeHead(405).end();
    const {id, method, params} = JSON.parse(Buffer.concat(chunks).toString());
    if (id === undefined) return void reply.writeHead(202).end();
    const results: Record<string, unknown> = {
      initialize: {
        protocolVersion: params?.protocolVersion,
        capabilities: {tools: {}},
        serverInfo: {name: 'http', version: '1'},
      },
      'tools/list': {tools: [{name: 'key', inputSchema: {type: 'object'}}]},
      'tools/call': {content: [{type: 'text', text: String(request.headers['x-key'])}]},
    };
    reply.writeHead(200, {'content-type': 'application/json'});
    reply.end(JSON.stringify({jsonrpc: '2.0', id, result: results[method]}));
  });
}

async function started(url: string, more: Partial<HttpServer> = {}) {
  const lists = {exclude: [], allow: [], deny: [], disabled: false};
  const transport = {kind: 'any' as const, url, headers: {'x-key': 'k1'}, ...more};
  const servers = new McpServers([{name: 's', origin: 'a', transport, startMs: 20_000, callMs: 20_000, ...lists}], {
    cwd: import.meta.dirname,
    version: '1',
    spawn: () => {
      throw new Error('no program is started');
    },
    log() {},
    rules: {allow: [], deny: []},
  });
  open.push(servers);
  servers.start();
  await servers.settled();
  return {servers, news: await servers.refresh({taken: new Set()})};
}

const call = {id: 'abcDEF123', name: 's_key', arguments: '{}'};

test('a server over HTTP is given its headers with each request', async () => {
  const {servers, news} = await started(`${await listening(mcp)}/mcp`);
  expect(news).toEqual(['MCP server s: 1 tool']);
  expect(await servers.run(call, NEVER)).toBe('k1');
});

test('a redirect within the server is followed, one to another is not, and its headers stay here', async () => {
  const inside = await listening((request, reply) => {
    if (request.url === '/mcp') mcp(request, reply);
    else reply.writeHead(307, {location: '/mcp'}).end();
  });
  expect((await started(`${inside}/`)).news).toEqual(['MCP server s: 1 tool']);
  const seen: unknown[] = [];
  const other = await listening((request, reply) => {
    seen.push(request.headers);
    mcp(request, reply);
  });
  const elsewhere = await listening((_request, reply) => void reply.writeHead(307, {location: `${other}/mcp`}).end());
  const {news} = await started(elsewhere);
  expect(news[0]).toContain(`the server sends its requests on to ${other}/mcp`);
  expect(seen).toEqual([]);
});

test('an address where nobody listens, or that is no MCP server, is told', async () => {
  expect((await started('http://127.0.0.1:9/mcp')).news[0]).toContain('MCP server s cannot be used: ');
  const web = await listening((_request, reply) => void reply.writeHead(200, {'content-type': 'text/html'}).end('<p>'));
  expect((await started(web)).news[0]).toContain('MCP server s cannot be used: ');
  const broken = await listening((_request, reply) => void reply.writeHead(500).end('no'));
  expect((await started(broken, {kind: 'http'})).news[0]).toContain('MCP server s cannot be used: ');
});

test('headers go over TLS, or to this machine and private networks', () => {
  const refused = () => checkHeaders('http://a.example/mcp', {'x-key': 'k1'});
  expect(refused).toThrow('no headers are sent to a.example over plain http');
  expect(() => checkHeaders('http://a.example/mcp', {})).not.toThrow();
  expect(() => checkHeaders('https://a.example/mcp', {'x-key': 'k1'})).not.toThrow();
  expect(() => checkHeaders('http://127.0.0.1/mcp', {'x-key': 'k1'})).not.toThrow();
});
