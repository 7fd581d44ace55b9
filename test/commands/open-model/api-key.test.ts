import {expect, test} from 'vitest';
import {apiKeyFor} from '../../../src/commands/open-model/api-key.ts';
import {run} from '../../../src/commands/program.ts';
import {httpServer, json, sse} from '../../fakes/http-server.ts';
import {fakeIo} from '../../fakes/io.ts';
import {proxyServer} from '../../fixtures/proxy-server.ts';

const env = {MISTRAL_API_KEY: 'mistral', OTHER: 'other', EMPTY: ''};

test.each([
  'https://api.mistral.ai/v1',
  'https://mistral.ai',
  'https://API.MISTRAL.AI:443/v1',
  'https://a.b.mistral.ai/',
])("%s gets Mistral's key", (url) => expect(apiKeyFor(url, env, undefined)).toBe('mistral'));

test.each([
  'http://api.mistral.ai/v1',
  'https://api.mistral.ai.evil.example/v1',
  'https://evil.example/api.mistral.ai/v1',
  'https://evil.example/?mistral.ai',
  'https://api.mistral.ai@evil.example/v1',
  'https://xmistral.ai/v1',
  'https://my-mistral.ai/v1',
  'https://mistral.ai.example',
  'https://mistral.air',
  'http://localhost:8000/v1',
  'no address',
])('%s does not', (url) => {
  expect(apiKeyFor(url, env, undefined)).toBeUndefined();
});

test('a key goes to the server it is named for, in place of any other', () => {
  expect(apiKeyFor('http://cluster:8000/v1', env, 'OTHER')).toBe('other');
  expect(apiKeyFor('https://api.mistral.ai/v1', env, 'OTHER')).toBe('other');
  expect(apiKeyFor('https://api.mistral.ai/v1', {}, undefined)).toBeUndefined();
  for (const name of ['EMPTY', 'MISSING']) {
    expect(() => apiKeyFor('https://api.mistral.ai/v1', env, name)).toThrow(
      `--api-key-env: the variable ${name} is not set`,
    );
  }
});

const TOOLS = '[{"name": "f", "description": "", "parameters": {"type": "object"}}]';

/** Every name leads to one server, past a proxy that sees all that is sent in the clear. */
async function network() {
  const {url, asked} = await httpServer((one, response) =>
    one.path.endsWith('/models')
      ? json(response, {data: [{id: 'large'}]})
      : sse(response, [{choices: [{delta: {content: 'Hello'}, finish_reason: 'stop'}]}]),
  );
  const proxy = await proxyServer({leadsTo: new URL(url).host});
  const mistral = async (program: string, ...argv: string[]) => {
    const io = fakeIo(TOOLS, {HTTP_PROXY: proxy.url, KEY: 'sk-secret'});
    return {code: await run(program, argv, io), out: io.out(), err: io.err()};
  };
  return {mistral, asked};
}

const chat = ['--instruct', '-p', 'Hi', '--url'];
const key = ['--api-key-env', 'KEY'];
test.each([
  ['mistral-chat', [...chat, 'http://api.mistral.ai/v1', ...key]],
  ['mistral-chat', [...chat, 'http://api.mistral.ai/v1', ...key, '--key-over-http']],
  ['mistral-chat', [...chat, 'http://model.example:8000/v1', ...key]],
  ['mistral-chat', [...chat, 'http://me:sk-secret@model.example:8000/v1']],
  ['mistral-fim', ['--prefix', 'a', '--suffix', 'b', '--url', 'http://model.example/v1', ...key]],
  ['mistral-tools', ['--tools', '-', '-p', 'Hi', '--url', 'http://model.example/v1', ...key]],
  ['mistral', ['worker', '--job-type', 'm', '--auth-key', 'sk-secret', '--api-server', 'http://model.example:7777']],
  [
    'mistral',
    [
      'worker',
      '--job-type',
      'm',
      '--auth-key',
      'sk-secret',
      '--api-server',
      'http://x.mistral.ai',
      '--auth-key-over-http',
    ],
  ],
])('%s %j sends nothing', async (program, argv) => {
  const {mistral, asked} = await network();
  const {code, out, err} = await mistral(program, ...argv);
  expect(err).toMatch(/error: no key is sent to [\w.:]+ over plain http: everyone on the way could read it\n/);
  expect({code, out}).toEqual({code: 2, out: ''});
  expect(err).not.toContain('sk-secret');
  expect(asked).toEqual([]);
});

test('a person may insist where a server has no TLS, and nobody need where it is of the same network', async () => {
  const {mistral, asked} = await network();
  const insisting = await mistral('mistral-chat', ...chat, 'http://model.example:8000/v1', ...key, '--key-over-http');
  expect(insisting).toMatchObject({code: 0, out: 'Hello\n'});
  expect(await mistral('mistral-chat', ...chat, 'http://cluster:8000/v1', ...key)).toMatchObject({code: 0});
  expect(asked.map(({headers}) => headers.authorization)).toEqual(Array(4).fill('Bearer sk-secret'));
});

test('to insist beside a local model is refused', async () => {
  const {mistral} = await network();
  const refused = await mistral('mistral-chat', '--instruct', '-p', 'Hi', '--key-over-http');
  expect(refused).toMatchObject({code: 2, err: expect.stringContaining('--key-over-http is for --url')});
});
