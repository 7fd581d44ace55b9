// Where keys may go, by the rule itself and by every way a key is sent.
import {describe, expect, test} from 'vitest';
import {checkKeyMayGo, mayCarryKey} from '../../../../src/base/http/address/key-rule.ts';
import {HttpClient, type HttpOptions} from '../../../../src/base/http/http-client.ts';
import {httpServer, json} from '../../../fakes/http-server.ts';
import {proxyServer} from '../../../fixtures/proxy-server.ts';

const never = new AbortController().signal;
const KEY = {authorization: 'Bearer secret'};
const insisting = {flag: '--key-over-http', insists: true};

test.each([
  'https://model.example/v1',
  'https://8.8.8.8/',
  'http://localhost:8080/v1',
  'http://a.localhost/',
  'http://127.0.0.1:1/',
  'http://127.1.2.3/',
  'http://127.1/',
  'http://0.0.0.0:8080/',
  'http://[::1]:8080/',
  'http://[::ffff:127.0.0.1]/',
  'http://10.0.0.1/',
  'http://10.255.255.255/',
  'http://172.16.0.1/',
  'http://172.31.255.255/',
  'http://192.168.1.1:8000/v1',
  'http://169.254.0.1/',
  'http://100.64.0.1/',
  'http://100.127.255.255/',
  'http://[fd00::1]/',
  'http://[fc00::1]/',
  'http://[fe80::1]/',
  'http://[::ffff:10.0.0.1]/',
  'http://cluster:8000/v1',
  'http://CLUSTER./',
  'http://gpu.local/',
  'http://vllm.default.svc.cluster.local/',
  'http://box.home.arpa/',
  'http://model.corp.internal./',
])('%s gets a key', (url) => {
  expect(mayCarryKey(url)).toBe(true);
});

test.each([
  'http://model.example/v1',
  'http://8.8.8.8/',
  'http://134744072/',
  'http://9.255.255.255/',
  'http://11.0.0.0/',
  'http://172.15.255.255/',
  'http://172.32.0.0/',
  'http://192.167.255.255/',
  'http://192.169.0.0/',
  'http://100.63.255.255/',
  'http://100.128.0.0/',
  'http://[2001:db8::1]/',
  'http://[fe00::1]/',
  'http://[::ffff:8.8.8.8]/',
  'http://localhost.example/',
  'http://xlocal.example/',
  'http://notlocal.xlocal/',
  'http://127.0.0.1.example/',
  'http://10.0.0.1.example/',
  'http://home.arpa.example/',
  'http://xinternal.example/',
  'http://me:pass@model.example/',
])('%s gets none, unless a person insists', (url) => {
  expect(mayCarryKey(url)).toBe(false);
  expect(mayCarryKey(url, true)).toBe(true);
});

test.each([
  'http://mistral.ai/',
  'http://api.mistral.ai/v1',
  'http://API.MISTRAL.AI./v1',
  'http://codestral.mistral.ai:80/v1',
  'http://huggingface.co/',
  'http://cdn.huggingface.co/',
  'http://hf.co/',
])('%s never gets one', (url) => {
  expect(mayCarryKey(url, true)).toBe(false);
  expect(() => checkKeyMayGo(url, insisting)).toThrow(/^no key is sent to .* over plain http/);
});

test('a refusal names the host and what to do, and a flag only where it helps', () => {
  const refused = (...args: Parameters<typeof checkKeyMayGo>) => {
    try {
      checkKeyMayGo(...args);
    } catch (error) {
      return error;
    }
    return undefined;
  };
  const message = 'no key is sent to model.example:8000 over plain http: everyone on the way could read it';
  expect(refused('http://me:pass@model.example:8000/v1?a=secret')).toMatchObject({
    code: 'usage',
    message,
    hint: 'Give its address with https:// in place of http://.',
  });
  expect(refused('http://model.example:8000/v1', {...insisting, insists: false})).toMatchObject({
    message,
    hint: 'Give its address with https:// in place of http://. For a server without it --key-over-http sends the key all the same.',
  });
  expect(refused('http://api.mistral.ai/v1', insisting)).toMatchObject({
    hint: 'Give its address with https:// in place of http://.',
  });
  expect(refused('http://model.example:8000/v1', insisting)).toBeUndefined();
});

describe('of a client', () => {
  /** A public name that only this proxy knows; what is asked in the clear reaches it. */
  async function behindProxy(options: Partial<HttpOptions>) {
    const {url, asked} = await httpServer((_one, response) => json(response, {}));
    const proxy = await proxyServer({leadsTo: new URL(url).host});
    return {http: new HttpClient({env: {HTTP_PROXY: proxy.url}, hint: 'Look again.', ...options}), proxy, asked};
  }

  test.each<[string, Partial<HttpOptions>, string]>([
    ['in a header', {headers: KEY}, 'http://model.example/v1'],
    ['in the body', {hasKeyInBody: true}, 'http://model.example/v1'],
    ['in the address', {}, 'http://me:pass@model.example/v1'],
    ['as a password alone', {}, 'http://:pass@model.example/v1'],
  ])('a key %s does not go to a public host in the clear', async (_where, options, url) => {
    const {http, proxy} = await behindProxy(options);
    const refused = {
      code: 'usage',
      message: expect.stringMatching(/^no key is sent to model\.example over plain http/),
    };
    await expect(http.send({method: 'POST', url, body: '{}'}, never)).rejects.toMatchObject(refused);
    await expect(http.receive(url, {}, never, () => undefined)).rejects.toMatchObject(refused);
    expect(proxy.asked).toEqual([]);
    const insists = await behindProxy({...options, keyOverHttp: insisting});
    expect((await insists.http.send({method: 'POST', url, body: '{}'}, never)).status).toBe(200);
    expect(insists.asked).toHaveLength(1);
  });

  test('what is no secret goes there', async () => {
    const {http, asked} = await behindProxy({});
    expect((await http.send({method: 'GET', url: 'http://model.example/v1'}, never)).status).toBe(200);
    expect(asked).toHaveLength(1);
  });
});
