import {createHash} from 'node:crypto';
import {existsSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, onTestFinished, test} from 'vitest';
import {tryLock} from '../../../../src/base/files/lock.ts';
import {type DownloadOptions, download} from '../../../../src/engine/models/pull/download.ts';
import {downloadClient} from '../../../../src/engine/models/pull/download-client.ts';
import {fileServer} from '../../../fixtures/file-server.ts';
import {folderWith} from '../../../fixtures/folder.ts';

const content = Buffer.from(Uint32Array.from({length: 5 << 20}, (_, i) => Math.imul(i, 2654435761)).buffer);
const sha256 = createHash('sha256').update(content).digest('hex');

function start(url: string, changes: Partial<DownloadOptions> = {}) {
  const http = downloadClient({env: {}, backoffMs: 1});
  onTestFinished(() => http.close());
  const path = changes.path ?? join(folderWith(), 'blob');
  const signal = new AbortController().signal;
  return {path, done: download(http, {url, path, sha256, signal, retryDelay: 1, patience: 0, ...changes})};
}

const equal = (path: string) => Buffer.compare(readFileSync(path), content) === 0;

test('a file comes in parallel parts and is there whole', async () => {
  const server = await fileServer(content);
  const {path, done} = start(`${server.url}/m.gguf`, {bytes: content.length});
  expect(await done).toBe(path);
  expect(equal(path)).toBe(true);
  expect(server.ranges.toSorted()).toEqual(['bytes=0-0', 'bytes=0-10485759', 'bytes=10485760-20971519']);
  expect(readdirSync(join(path, '..'))).toEqual(['blob']);
});

test('cut connections are taken up where they ended', async () => {
  const server = await fileServer(content, {cutAfter: 3_000_000, cuts: 5});
  const {path, done} = start(server.url);
  await done;
  expect(equal(path)).toBe(true);
  expect(server.ranges.length).toBeGreaterThan(6);
});

test('a stopped download keeps what came, the next run fetches the rest only', async () => {
  const server = await fileServer(content);
  const controller = new AbortController();
  const progress = (bytes: number) => {
    if (bytes > 6_000_000) controller.abort('SIGINT');
  };
  const first = start(server.url, {signal: controller.signal, progress, connections: 1});
  await expect(first.done).rejects.toBe('SIGINT');
  expect(existsSync(first.path)).toBe(false);
  server.ranges.length = 0;
  await start(server.url, {path: first.path}).done;
  expect(equal(first.path)).toBe(true);
  const [, rest] = server.ranges;
  expect(Number(/bytes=(\d+)-/.exec(rest ?? '')?.[1])).toBeGreaterThan(6_000_000);
});

test('what an earlier run left of another content is thrown away in the end', async () => {
  const server = await fileServer(content);
  const path = join(folderWith(), 'blob');
  const old = {url: server.url, size: content.length, tag: '"0"', parts: [{at: content.length, end: content.length}]};
  writeFileSync(`${path}.part`, Buffer.alloc(content.length));
  writeFileSync(`${path}.json`, JSON.stringify(old));
  await start(server.url, {path}).done;
  expect(equal(path)).toBe(true);
});

test('a file that changes on the server in the middle is told, and comes anew the next time', async () => {
  const server = await fileServer(content, {cutAfter: 3_000_000, cuts: 1});
  const progress = () => {
    server.behaviour = {etag: '"2"'};
  };
  const {path, done} = start(server.url, {sha256: undefined, progress, connections: 1});
  await expect(done).rejects.toMatchObject({
    code: 'model_invalid',
    message: expect.stringContaining('changed on the server while it was fetched'),
  });
  server.ranges.length = 0;
  await start(server.url, {path, sha256: undefined, connections: 1}).done;
  expect(equal(path)).toBe(true);
  expect(server.ranges[1]).toBe(`bytes=0-${content.length - 1}`);
});

test('what an earlier run left goes on by its sum, whatever the tag says', async () => {
  const server = await fileServer(content);
  const path = join(folderWith(), 'blob');
  const half = content.length / 2;
  const kept = {url: server.url, size: content.length, tag: '"0"', parts: [{at: half, end: content.length}]};
  writeFileSync(`${path}.part`, content.subarray(0, half));
  writeFileSync(`${path}.json`, JSON.stringify(kept));
  await start(server.url, {path}).done;
  expect(equal(path)).toBe(true);
  expect(server.ranges).toEqual(['bytes=0-0', `bytes=${half}-${content.length - 1}`]);
});

test('a server without ranges is read in one go', async () => {
  const server = await fileServer(content, {noRanges: true});
  const {path, done} = start(server.url);
  await done;
  expect(equal(path)).toBe(true);
});

test('a server that asks for patience gets it', async () => {
  const server = await fileServer(content, {statuses: [429, 503, 408, 500, 520]});
  const {path, done} = start(server.url);
  await done;
  expect(equal(path)).toBe(true);
});

test.each([
  [403, 'model_not_found', /is gated or private/, /set HF_TOKEN/],
  [401, 'model_not_found', /is gated or private/, /set HF_TOKEN/],
  [404, 'model_not_found', /has no .* \(404\)/, /Check the name/],
  [501, 'backend_failed', /answered 501/, /Try again later/],
  [418, 'backend_failed', /answered 418/, /Try again later/],
])('status %i is told with what to do', async (status, code, message, hint) => {
  const server = await fileServer(content, {statuses: [status]});
  await expect(start(server.url).done).rejects.toMatchObject({
    code,
    message: expect.stringMatching(message),
    hint: expect.stringMatching(hint),
  });
});

test('a damaged file is deleted, not kept for the next run', async () => {
  const damaged = Buffer.from(content);
  damaged[12_345_678] = (damaged[12_345_678] ?? 0) ^ 1;
  const server = await fileServer(damaged);
  const {path, done} = start(server.url);
  await expect(done).rejects.toMatchObject({
    code: 'model_invalid',
    exitCode: 3,
    message: expect.stringContaining(sha256),
  });
  expect(readdirSync(join(path, '..'))).toEqual([]);
});

test('a server that lies about the size is refused before anything is written', async () => {
  const server = await fileServer(content, {claimedSize: 10});
  const {path, done} = start(server.url, {bytes: content.length});
  await expect(done).rejects.toMatchObject({
    code: 'model_invalid',
    message: expect.stringContaining('has 10 B, 21.0 MB were announced'),
  });
  expect(readdirSync(join(path, '..'))).toEqual([]);
});

test('a server that claims more than it has ends in an error and keeps what came', async () => {
  const server = await fileServer(content.subarray(0, 9_000_000), {claimedSize: 9_500_000});
  const {path, done} = start(server.url, {connections: 1});
  await expect(done).rejects.toMatchObject({code: 'model_invalid', message: expect.stringContaining('(416)')});
  expect(existsSync(`${path}.part`)).toBe(true);
});

test('a server that is not there is told', async () => {
  await expect(start('http://127.0.0.1:9/x').done).rejects.toMatchObject({
    code: 'backend_unreachable',
    message: '127.0.0.1:9 cannot be reached: ECONNREFUSED',
  });
});

test('two processes do not write one file', async () => {
  const server = await fileServer(content);
  const path = join(folderWith(), 'blob');
  const lock = tryLock(`${path}.lock`);
  await expect(start(server.url, {path}).done).rejects.toMatchObject({
    code: 'model_busy',
    message: `${path} is being downloaded by another process`,
  });
  lock?.release();
});

test('more than the disk holds is refused at once', async () => {
  const server = await fileServer(content, {claimedSize: 1e18});
  await expect(start(server.url).done).rejects.toMatchObject({
    code: 'disk_full',
    message: expect.stringMatching(/^the disk of \/.* has room for /),
  });
});

test.each<[string, (size: number) => string, number]>([
  ['cut off', () => '{"url":"x","size":', 1],
  [
    'of parts in no order',
    (size) =>
      JSON.stringify({
        size,
        tag: '',
        parts: [
          {at: 9, end: 10},
          {at: 0, end: 5},
        ],
      }),
    1,
  ],
  ['of parts beyond the end', (size) => JSON.stringify({size, tag: '', parts: [{at: 0, end: size + 1}]}), 1],
  ['of parts that are no numbers', (size) => JSON.stringify({size, tag: '', parts: [{at: '0', end: null}]}), 1],
  ['of a part that is null', (size) => JSON.stringify({size, tag: '', parts: [null]}), 1],
  ['of a part that is a number', (size) => JSON.stringify({size, tag: '', parts: [5]}), 1],
  ['of a part before the start', (size) => JSON.stringify({size, tag: '', parts: [{at: -1, end: 5}]}), 1],
  ['of half a byte', (size) => JSON.stringify({size, tag: '', parts: [{at: 0.5, end: 5}]}), 1],
  ['of parts that are an object', (size) => JSON.stringify({size, tag: '', parts: {at: 0, end: 5}}), 1],
  ['of a size that is a text', (size) => JSON.stringify({size: String(size), tag: '', parts: []}), 1],
  ['null', () => 'null', 1],
  ['a list', () => '[]', 1],
  ['of no parts', (size) => JSON.stringify({size, tag: ''}), 1],
  ['of more than the file holds', (size) => JSON.stringify({size, tag: '', parts: [{at: 5, end: 10}]}), 0.5],
])('a state file that is damaged (%s) is told, and the file is fetched again', async (_, text, share) => {
  const server = await fileServer(content);
  const path = join(folderWith(), 'blob');
  writeFileSync(`${path}.part`, Buffer.alloc(content.length * share));
  writeFileSync(`${path}.json`, text(content.length));
  const notes: string[] = [];
  await start(server.url, {path, note: (line) => notes.push(line)}).done;
  expect(notes).toEqual(['what an earlier run left of blob is damaged: it is fetched again']);
  expect(equal(path)).toBe(true);
});
