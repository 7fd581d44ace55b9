import {chmodSync, existsSync, mkdirSync, renameSync, statSync, symlinkSync, unlinkSync, writeFileSync} from 'node:fs';
import {request} from 'node:http';
import {request as secureRequest} from 'node:https';
import {createServer, type Server} from 'node:net';
import {join} from 'node:path';
import {expect, onTestFinished, test} from 'vitest';
import {createApp} from '../../../src/serve/app.ts';
import {listenAddresses} from '../../../src/serve/listen/listen-address.ts';
import {type Listening, listenAt} from '../../../src/serve/listen/listen-at.ts';
import {ScriptedBackend} from '../../fakes/scripted-backend.ts';
import {folderWith} from '../../fixtures/folder.ts';
import {CERT, KEY} from '../../fixtures/tls-relay.ts';
import {OPTIONS} from '../app-options.ts';

async function start(hosts: readonly string[], hasKeys = false): Promise<Listening> {
  const {app} = await createApp(Promise.resolve(new ScriptedBackend()), OPTIONS);
  onTestFinished(() => app.close());
  return listenAt(app, {addresses: listenAddresses(hosts), port: 0, hasKeys, isTls: false});
}

/** The status of /health, asked at a place as it is printed. */
function health(url: string): Promise<number | undefined> {
  const where = url.startsWith('unix:')
    ? {socketPath: url.slice('unix:'.length), path: '/health'}
    : new URL('/health', url);
  return new Promise((resolve, reject) => {
    const asked = request({...options(where), headers: {host: 'localhost'}, agent: false}, (reply) => {
      reply.resume();
      resolve(reply.statusCode);
    });
    asked.once('error', reject).end();
  });
}

const options = (where: URL | object) =>
  where instanceof URL ? {host: where.hostname.replace(/[[\]]/g, ''), port: where.port, path: where.pathname} : where;

test('several addresses and sockets at once, each printed as a client can use it', async () => {
  const folder = folderWith({});
  const {urls, close} = await start(['0.0.0.0', `unix:${folder}/one.sock`, `${folder}/two.sock`]);
  expect(urls[0]).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(urls.slice(1)).toEqual([`unix:${folder}/one.sock`, `unix:${folder}/two.sock`]);
  expect(await Promise.all(urls.map(health))).toEqual([200, 200, 200]);
  await close();
  expect(existsSync(`${folder}/one.sock`)).toBe(false);
  await expect(health(urls[0] ?? '')).rejects.toThrow();
});

test('a socket alone', async () => {
  const {urls} = await start([`unix:${folderWith({})}/m.sock`]);
  expect(await health(urls[0] ?? '')).toBe(200);
});

test.each([
  [false, 0o600],
  [true, 0o660],
])('a socket is for its user, with keys (%s) also for its group', async (hasKeys, mode) => {
  const path = join(folderWith({}), 'm.sock');
  await start([`unix:${path}`], hasKeys);
  expect(statSync(path).mode & 0o777).toBe(mode);
});

test('a socket that nobody listens at any more is replaced', async () => {
  const path = join(folderWith({}), 'm.sock');
  await abandoned(path);
  const {urls} = await start([`unix:${path}`]);
  expect(await health(urls[0] ?? '')).toBe(200);
});

test('a socket that somebody listens at is left alone', async () => {
  const path = join(folderWith({}), 'm.sock');
  await start([`unix:${path}`]);
  await expect(start([`unix:${path}`])).rejects.toMatchObject({code: 'io', message: `the socket ${path} is in use`});
  expect(await health(`unix:${path}`)).toBe(200);
});

test.each<[string, (path: string) => void]>([
  ['a file', (path) => writeFileSync(path, 'mine')],
  ['a folder', (path) => mkdirSync(path)],
  ['a link', (path) => symlinkSync('/nowhere', path)],
])('%s is never replaced', async (_what, make) => {
  const path = join(folderWith({}), 'm.sock');
  make(path);
  await expect(start([`unix:${path}`])).rejects.toMatchObject({
    code: 'io',
    message: `${path} is there already, and it is no socket`,
  });
});

test('a folder that cannot be written to is told, and nothing is listened at then', async () => {
  await expect(start(['127.0.0.1', 'unix:/proc/m.sock'])).rejects.toMatchObject({code: 'io'});
});

test('the socket of another server that took the place stays', async () => {
  const path = join(folderWith({}), 'm.sock');
  const {close} = await start([`unix:${path}`]);
  unlinkSync(path);
  const other = await start([`unix:${path}`]);
  await close();
  expect(await health(other.urls[0] ?? '')).toBe(200);
});

/** A socket as a killed server leaves it. */
async function abandoned(path: string): Promise<void> {
  const server: Server = createServer();
  await new Promise<void>((resolve) => server.listen(`${path}.a`, resolve));
  renameSync(`${path}.a`, path);
  chmodSync(path, 0o600);
  await new Promise((resolve) => server.close(resolve));
}

test('with a certificate the address is https, and its clients are answered', async () => {
  const {app} = await createApp(Promise.resolve(new ScriptedBackend()), {...OPTIONS, tls: {cert: CERT, key: KEY}});
  onTestFinished(() => app.close());
  const addresses = listenAddresses(['127.0.0.1', '127.0.0.2']);
  const {urls} = await listenAt(app, {addresses, port: 0, hasKeys: false, isTls: true});
  expect(urls[0]).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
  for (const url of urls) {
    const {port, hostname} = new URL(url);
    const status = await new Promise((resolve, reject) => {
      const where = {host: hostname, port, path: '/health', ca: CERT, servername: 'localhost', agent: false};
      secureRequest({...where, headers: {host: 'localhost'}}, (reply) => resolve(reply.resume().statusCode))
        .once('error', reject)
        .end();
    });
    expect(status).toBe(200);
  }
});
