import {createHash} from 'node:crypto';
import {existsSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {basename, join} from 'node:path';
import {expect, onTestFinished, test} from 'vitest';
import {downloadClient} from '../../../../src/engine/models/pull/download-client.ts';
import {downloadTar} from '../../../../src/engine/models/pull/download-tar.ts';
import {type Behaviour, type FileServer, fileServer} from '../../../fixtures/file-server.ts';
import {folderWith} from '../../../fixtures/folder.ts';
import {tarBytes} from '../../../fixtures/tar.ts';

const weights = Buffer.alloc(3 << 20, 7);
const good = () =>
  tarBytes(
    [{name: 'm', type: 'directory'}],
    [{name: 'm/params.json'}, Buffer.from('{}')],
    [{name: './m/consolidated.safetensors'}, weights],
  );
const md5 = (bytes: Buffer) => createHash('md5').update(bytes).digest('hex');

async function fetchTar(bytes: Buffer, sums: readonly string[], behaviour = {}, parent = folderWith()) {
  const server = await fileServer(bytes, behaviour);
  const http = downloadClient({env: {}, backoffMs: 1});
  onTestFinished(() => http.close());
  const folder = join(parent, 'model');
  const options = {url: `${server.url}/m.tar`, folder, md5: sums, signal: new AbortController().signal, retryDelay: 1};
  return {parent, folder, done: downloadTar(http, options)};
}

test('an archive is unpacked while it comes, its sum one of the published ones', async () => {
  const bytes = await good();
  const {folder, done} = await fetchTar(bytes, ['0'.repeat(32), md5(bytes)]);
  expect(await done).toBe(folder);
  expect(readdirSync(folder).sort()).toEqual(['consolidated.safetensors', 'params.json']);
  expect(Buffer.compare(readFileSync(join(folder, 'consolidated.safetensors')), weights)).toBe(0);
});

/** A run that is stopped when `stopAt` bytes came, and the next one. */
async function stopAndGoOn(
  bytes: Buffer,
  stopAt: number,
  {
    sums = [md5(bytes)],
    noteEvery = 1 << 16,
    between,
  }: {sums?: readonly string[]; noteEvery?: number; between?: (server: FileServer, folder: string) => void} = {},
) {
  const server = await fileServer(bytes, {pace: 1});
  const http = downloadClient({env: {}, backoffMs: 1});
  onTestFinished(() => http.close());
  const parent = folderWith();
  const folder = join(parent, 'model');
  const controller = new AbortController();
  const common = {url: `${server.url}/m.tar`, folder, md5: sums, retryDelay: 1, noteEvery};
  const progress = (done: number) => {
    if (done >= stopAt) controller.abort('SIGINT');
  };
  await expect(downloadTar(http, {...common, progress, signal: controller.signal})).rejects.toBe('SIGINT');
  const kept = readdirSync(parent).sort();
  server.ranges.length = 0;
  between?.(server, folder);
  const done = downloadTar(http, {...common, signal: new AbortController().signal});
  return {parent, folder, server, kept, done};
}

const filled = (length: number, seed: number) =>
  Buffer.from(Uint32Array.from({length: length >> 2}, (_, i) => Math.imul(i + seed, 2654435761)).buffer);

test('an archive that was interrupted goes on inside the file it ended in', async () => {
  const [first, second, third] = [filled(100_000, 1), filled(3_000_000, 2), filled(1000, 3)];
  const long = `m/${'x'.repeat(150)}.safetensors`;
  const bytes = await tarBytes(
    [{name: 'm', type: 'directory'}],
    [{name: 'm/a'}, first],
    [{name: long}, second],
    [{name: 'm/c'}, third],
  );
  const {folder, parent, server, kept, done} = await stopAndGoOn(bytes, 2_500_000);
  expect(kept).toEqual(['model.incomplete', 'model.incomplete.json']);
  expect(await done).toBe(folder);
  const [, from] = /^bytes=(\d+)-$/.exec(server.ranges[0] ?? '') ?? [];
  expect(Number(from)).toBeGreaterThan(200_000);
  expect(Number(from) % (1 << 16)).toBe(0);
  expect(readdirSync(parent)).toEqual(['model']);
  for (const [name, content] of [
    ['a', first],
    [basename(long), second],
    ['c', third],
  ] as const)
    expect(Buffer.compare(readFileSync(join(folder, name)), content)).toBe(0);
});

test('what an earlier run left of another archive is thrown away, and the archive comes from its start', async () => {
  const bytes = await tarBytes([{name: 'm/a'}, filled(2_000_000, 1)]);
  const other = await tarBytes([{name: 'm/a'}, filled(2_000_000, 9)]);
  const {folder, server, done} = await stopAndGoOn(bytes, 1_500_000, {
    sums: [md5(bytes), md5(other)],
    between: (server) => {
      server.content = other;
    },
  });
  await done;
  expect(server.ranges).toEqual([expect.stringMatching(/^bytes=\d+-$/), undefined]);
  expect(Buffer.compare(readFileSync(join(folder, 'a')), filled(2_000_000, 9))).toBe(0);
});

test.each<[string, Behaviour]>([
  ['has another archive now', {etag: '"2"'}],
  ['gives no parts', {noRanges: true}],
])('a server that %s is asked from the start', async (_, behaviour) => {
  const bytes = await tarBytes([{name: 'm/a'}, filled(2_000_000, 1)]);
  const {folder, server, done} = await stopAndGoOn(bytes, 1_500_000, {
    between: (server) => {
      server.behaviour = behaviour;
    },
  });
  expect(await done).toBe(folder);
  expect(server.ranges.at(-1)).toBe(undefined);
});

test('what is interrupted before there is much of it leaves nothing', async () => {
  const bytes = await tarBytes([{name: 'm/a'}, filled(50_000, 1)], [{name: 'm/b'}, filled(400_000, 2)]);
  const {folder, kept, server, done} = await stopAndGoOn(bytes, 1, {noteEvery: 1 << 20});
  expect(kept).toEqual([]);
  expect(await done).toBe(folder);
  expect(server.ranges).toEqual([undefined]);
});

test('a server that goes away in the middle is told as that, and what came is kept', async () => {
  const bytes = await tarBytes([{name: 'm/a'}, filled(2_000_000, 1)]);
  const server = await fileServer(bytes, {cutAfter: 1_500_000, cuts: 100});
  const http = downloadClient({env: {}, backoffMs: 1});
  onTestFinished(() => http.close());
  const folder = join(folderWith(), 'model');
  const common = {url: server.url, folder, md5: [md5(bytes)], retryDelay: 1, noteEvery: 1 << 16};
  const signal = new AbortController().signal;
  const progress = () => {
    server.behaviour = {cutAfter: 0};
  };
  await expect(downloadTar(http, {...common, signal, progress})).rejects.toMatchObject({exitCode: 5});
  server.behaviour = {};
  server.ranges.length = 0;
  expect(await downloadTar(http, {...common, signal})).toBe(folder);
  expect(server.ranges).toEqual([expect.stringMatching(/^bytes=\d+-$/)]);
});

test('a note whose md5 cannot be taken up, as after an update, is passed over', async () => {
  const bytes = await good();
  const {folder, done, server} = await stopAndGoOn(bytes, 2_500_000, {
    between: (_, folder) => {
      const path = `${folder}.incomplete.json`;
      writeFileSync(path, JSON.stringify({...JSON.parse(readFileSync(path, 'utf8')), md5: 'AAAA'}));
    },
  });
  expect(await done).toBe(folder);
  expect(server.ranges).toEqual([undefined]);
});

test('a damaged note is passed over', async () => {
  const bytes = await good();
  const parent = folderWith({
    'model.incomplete/params.json': 'old',
    'model.incomplete.json': '{"url":1,"file":{"name":"../../evil"}}',
  });
  const {folder, done} = await fetchTar(bytes, [md5(bytes)], {}, parent);
  expect(await done).toBe(folder);
  expect(readdirSync(parent)).toEqual(['model']);
});

test.each([
  ['a place that is a text', (note: {at: number}) => ({...note, at: String(note.at)})],
  ['no size of the file', (note: {file: object}) => ({...note, file: {...note.file, size: undefined}})],
  [
    'a name that is a list',
    (note: {file: {name: string}}) => ({...note, file: {...note.file, name: [note.file.name]}}),
  ],
  ['a start of half a byte', (note: {file: object}) => ({...note, file: {...note.file, start: 0.5}})],
  ['a tag that is a number', (note: object) => ({...note, tag: 5})],
])('a note with %s is passed over', async (_what, change) => {
  const bytes = await good();
  const {folder, done, server} = await stopAndGoOn(bytes, 2_500_000, {
    between: (_, folder) => {
      const path = `${folder}.incomplete.json`;
      writeFileSync(path, JSON.stringify(change(JSON.parse(readFileSync(path, 'utf8')))));
    },
  });
  expect(await done).toBe(folder);
  expect(server.ranges).toEqual([undefined]);
});

test('a cut connection does not spoil it', async () => {
  const bytes = await good();
  const {folder, done} = await fetchTar(bytes, [md5(bytes)], {cutAfter: 1_000_000, cuts: 2});
  await done;
  expect(Buffer.compare(readFileSync(join(folder, 'consolidated.safetensors')), weights)).toBe(0);
});

test.each<[string, () => Promise<Buffer>, RegExp]>([
  [
    'climbs out',
    () => tarBytes([{name: '../../evil'}, Buffer.from('x')]),
    /entry "\.\.\/\.\.\/evil" leads out of the folder/,
  ],
  ['is absolute', () => tarBytes([{name: '/etc/evil'}, Buffer.from('x')]), /entry "\/etc\/evil" leads out/],
  ['is a link', () => tarBytes([{name: 'a', type: 'symlink', linkname: '/etc'}]), /entry "a" is a symlink/],
])('an archive whose entry %s is refused whole', async (_, make, message) => {
  const {parent, done} = await fetchTar(await make(), []);
  await expect(done).rejects.toThrow(message);
  expect(readdirSync(parent)).toEqual([]);
});

test('a wrong sum and a wrong file leave nothing', async () => {
  const bytes = await good();
  const damaged = await fetchTar(bytes, ['0'.repeat(32)]);
  await expect(damaged.done).rejects.toMatchObject({
    code: 'model_invalid',
    message: expect.stringContaining(md5(bytes)),
  });
  expect(existsSync(damaged.folder)).toBe(false);
  const page = await fetchTar(Buffer.from('<!doctype html>'.padEnd(2048)), []);
  await expect(page.done).rejects.toMatchObject({code: 'model_invalid'});
  expect(readdirSync(page.parent)).toEqual([]);
});
