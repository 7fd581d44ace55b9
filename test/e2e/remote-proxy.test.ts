// --url over TLS through a proxy: the built programs, a tunnel, and a certificate that has to be trusted.
import {expect, test} from 'vitest';
import {AimeServer} from '../fakes/aime-server.ts';
import {type Asked, httpServer, json, sse} from '../fakes/http-server.ts';
import {proxyServer} from '../fixtures/proxy-server.ts';
import {tlsRelay} from '../fixtures/tls-relay.ts';
import {runProgram} from './harness/program.ts';

const ANSWER = [{choices: [{delta: {content: 'Hello'}}]}, {choices: [{delta: {}, finish_reason: 'stop'}], usage: {}}];

/** A model behind TLS that only the proxy's network knows the name of. */
async function model(options: {refuse?: boolean} = {}) {
  const {url, asked} = await httpServer((one, response) =>
    one.path.endsWith('/models') ? json(response, {data: [{id: 'large'}]}) : sse(response, ANSWER),
  );
  const relay = await tlsRelay(url);
  const proxy = await proxyServer({...options, leadsTo: new URL(relay.url).host});
  const env = {
    KEY: 'secret',
    HTTPS_PROXY: proxy.url.replace('//', '//me:tr0ub4dor@'),
    NODE_EXTRA_CA_CERTS: relay.authority,
  };
  const run = (program: string, argv: readonly string[], changes: NodeJS.ProcessEnv = {}) =>
    runProgram(program, ['--url', 'https://model.example/v1', '--api-key-env', 'KEY', ...argv], {
      env: {...env, ...changes},
    });
  return {run, proxy, asked};
}

const keys = (asked: readonly Asked[]) => new Set(asked.map(({headers}) => headers.authorization));

test('a chat and a fill-in go through the tunnel, the key and the prompt inside it', async () => {
  const {run, proxy, asked} = await model();
  expect(await run('mistral-chat', ['--instruct', '-p', 'Hi'])).toMatchObject({code: 0, stdout: 'Hello\n'});
  expect(await run('mistral-fim', ['--prefix', 'a', '--suffix', 'b'])).toMatchObject({code: 0, stdout: 'Hello'});
  expect(new Set(proxy.asked)).toEqual(new Set(['model.example:443']));
  expect(new Set(proxy.authorizations)).toEqual(new Set([`Basic ${Buffer.from('me:tr0ub4dor').toString('base64')}`]));
  expect(keys(asked)).toEqual(new Set(['Bearer secret']));
  expect(asked.every(({headers}) => headers['proxy-authorization'] === undefined)).toBe(true);
});

test('a proxy that refuses, a host it must not be asked for, and one that is none are told', async () => {
  const {run, proxy} = await model({refuse: true});
  const refused = await run('mistral-chat', ['--instruct', '-p', 'Hi']);
  expect(refused).toMatchObject({code: 5, stdout: ''});
  expect(refused.stderr).toMatch(
    /model\.example cannot be reached through the proxy 127\.0\.0\.1:\d+: .*407.*\n.*NO_PROXY/,
  );
  expect(refused.stderr).not.toContain('tr0ub4dor');
  const count = proxy.asked.length;
  const past = await run('mistral-chat', ['--instruct', '-p', 'Hi'], {NO_PROXY: '.example'});
  expect(past).toMatchObject({code: 5, stderr: expect.stringMatching(/model\.example cannot be reached: (?!.*proxy)/)});
  expect(proxy.asked).toHaveLength(count);
  const wrong = await run('mistral-chat', ['--instruct', '-p', 'Hi'], {HTTPS_PROXY: 'socks5://127.0.0.1:1'});
  expect(wrong).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('HTTPS_PROXY is not the address of an http proxy: socks5://127.0.0.1:1'),
  });
});

test('a worker reaches its server through the proxy', async () => {
  const server = await new AimeServer('mixtral', 'k').start();
  const proxy = await proxyServer({leadsTo: new URL(server.url).host});
  const argv = ['worker', '--api-server', 'http://aime.internal:7777', '--job-type', 'mixtral', '--auth-key', 'wrong'];
  const {code, stderr} = await runProgram('mistral', argv, {env: {HTTP_PROXY: proxy.url}});
  expect(stderr).toContain("http://aime.internal:7777 does not accept the key for 'mixtral'");
  expect(code).toBe(5);
  expect(proxy.asked).toEqual(['aime.internal:7777']);
});
