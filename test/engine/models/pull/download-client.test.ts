import {join} from 'node:path';
import {expect, onTestFinished, test} from 'vitest';
import {download} from '../../../../src/engine/models/pull/download.ts';
import {downloadClient, waitLine} from '../../../../src/engine/models/pull/download-client.ts';
import {readRepository} from '../../../../src/engine/models/pull/hub/hub.ts';
import {httpServer, json} from '../../../fakes/http-server.ts';
import {fileServer} from '../../../fixtures/file-server.ts';
import {folderWith} from '../../../fixtures/folder.ts';

const signal = new AbortController().signal;

function client(token?: string) {
  const http = downloadClient({env: {}, backoffMs: 1, token});
  onTestFinished(() => http.close());
  return http;
}

test("the hub's token stays at the hub: neither files nor lists on other hosts get it", async () => {
  const content = Buffer.from('a file on another host');
  const store = await fileServer(content);
  const hub = await httpServer((_one, response) => json(response, {}, 302, {location: `${store.url}/blob`}));
  const path = join(folderWith(), 'blob');
  await download(client('hf_secret'), {url: `${hub.url}/x/y/resolve/main/m.gguf`, path, signal});
  expect(new Set(hub.asked.map(({headers}) => headers.authorization))).toEqual(new Set(['Bearer hf_secret']));
  expect(new Set(store.authorizations)).toEqual(new Set([undefined]));

  const mirror = await httpServer((_one, response) => json(response, {sha: 'c0ffee0123', siblings: []}));
  const moved = await httpServer((one, response) => json(response, {}, 307, {location: `${mirror.url}${one.path}`}));
  expect(await readRepository(client('hf_secret'), moved.url, {repo: 'x/y'}, signal)).toMatchObject({
    commit: 'c0ffee0123',
  });
  expect(mirror.asked[0]?.headers).not.toHaveProperty('authorization');
});

test('a server that stays busy is given up after six tries, not after six times six', async () => {
  const {url, asked} = await httpServer((_one, response) => json(response, {}, 503, {'retry-after': '0'}));
  const done = download(client(), {url, path: join(folderWith(), 'blob'), signal, retryDelay: 1});
  await expect(done).rejects.toMatchObject({code: 'backend_failed', remote: {status: 503}});
  expect(asked).toHaveLength(6);
});

test.each([408, 429, 500, 502, 503, 504])(
  "the hub's list is asked for again after %i, as files are",
  async (status) => {
    const answers = [status, status, 200];
    const {url, asked} = await httpServer((_one, response) =>
      json(response, {sha: 'c0ffee0123', siblings: []}, answers.shift(), {'retry-after': '0'}),
    );
    expect(await readRepository(client(), url, {repo: 'x/y'}, signal)).toMatchObject({commit: 'c0ffee0123'});
    expect(asked).toHaveLength(3);
  },
);

test("the hub's list is asked for again when its connection breaks before or in it, six times", async () => {
  let turn = 0;
  const hub = await httpServer((_one, response) => {
    turn++;
    if (turn === 1) response.destroy();
    else if (turn === 2) response.writeHead(200, {'content-length': 99}).write('{"sha"', () => response.destroy());
    else json(response, {sha: 'c0ffee0123', siblings: []});
  });
  expect(await readRepository(client(), hub.url, {repo: 'x/y'}, signal)).toMatchObject({commit: 'c0ffee0123'});
  const cut = await httpServer((_one, response) => response.destroy());
  await expect(readRepository(client(), cut.url, {repo: 'x/y'}, signal)).rejects.toMatchObject({
    code: 'backend_unreachable',
  });
  expect(cut.asked).toHaveLength(6);
});

test.each([
  [{host: 'h', ms: 55_000, isAsked: true, status: 429}, 'h asks to wait 55 s (429)'],
  [{host: 'h', ms: 1500, isAsked: false, status: 503}, 'h answered 503: trying again in 2 s'],
  [
    {host: 'h', ms: 1000, isAsked: false, cause: new Error('gone')},
    'the connection to h failed (gone): trying again in 1 s',
  ],
])('a wait is one line', (wait, line) => {
  expect(waitLine(wait)).toBe(line);
});

test('a revision is asked for as one part of the address, and kept', async () => {
  const hub = await httpServer((_one, response) => json(response, {sha: 'c0ffee0123', siblings: []}));
  expect(await readRepository(client(), hub.url, {repo: 'x/y', revision: 'refs/pr/7'}, signal)).toEqual({
    repo: 'x/y',
    revision: 'refs/pr/7',
    commit: 'c0ffee0123',
    files: [],
  });
  expect(hub.asked[0]?.path).toBe('/api/models/x/y/revision/refs%2Fpr%2F7?blobs=true');
});

test('one that wants to be left alone for long is told at once', async () => {
  const {url, asked} = await httpServer((_one, response) => json(response, {}, 429, {'retry-after': '600'}));
  const done = download(client(), {url, path: join(folderWith(), 'blob'), signal});
  await expect(done).rejects.toMatchObject({hint: 'The server asks to wait 600 s.', remote: {retryAfterMs: 600_000}});
  expect(asked).toHaveLength(1);
});
