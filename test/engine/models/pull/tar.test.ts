import {createHash} from 'node:crypto';
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, onTestFinished, test} from 'vitest';
import {Http} from '../../../../src/engine/models/pull/http.ts';
import {downloadTar} from '../../../../src/engine/models/pull/tar.ts';
import {fileServer} from '../../../fixtures/file-server.ts';
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

async function fetchTar(bytes: Buffer, sums: readonly string[], behaviour = {}) {
  const server = await fileServer(bytes, behaviour);
  const http = new Http({env: {}});
  onTestFinished(() => http.close());
  const parent = folderWith();
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
