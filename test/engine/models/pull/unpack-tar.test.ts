import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {tryLock} from '../../../../src/base/files/lock.ts';
import {unpackTar} from '../../../../src/engine/models/pull/unpack-tar.ts';
import {folderWith} from '../../../fixtures/folder.ts';
import {tarBytes} from '../../../fixtures/tar.ts';

const weights = Buffer.alloc(300_000, 7);
const good = () => tarBytes([{name: 'm/params.json'}, Buffer.from('{}')], [{name: 'm/weights'}, weights]);
const {signal} = new AbortController();

test('the files lie flat in the folder, and what is read is told', async () => {
  const parent = folderWith({'m.tar': await good()});
  const seen: number[] = [];
  await unpackTar(join(parent, 'm.tar'), join(parent, 'a/m'), {signal, progress: (done) => seen.push(done)});
  expect(readdirSync(join(parent, 'a'))).toEqual(['m']);
  expect(readdirSync(join(parent, 'a/m')).sort()).toEqual(['params.json', 'weights']);
  expect(readFileSync(join(parent, 'a/m/weights')).equals(weights)).toBe(true);
  expect(seen.at(-1)).toBe((await good()).length);
});

test.each<[string, () => Promise<Uint8Array>, RegExp]>([
  ['cut off', async () => (await good()).subarray(0, 200_000), /m\.tar cannot be unpacked: Unexpected end of data/],
  ['no tar', async () => Buffer.alloc(4096, 'x'), /m\.tar cannot be unpacked: /],
  ['empty', () => tarBytes(), /holds no files/],
  ['one that leads out', () => tarBytes([{name: '../m'}, weights]), /entry "\.\.\/m" leads out of the folder/],
  [
    'one with a link',
    () => tarBytes([{name: 'm', type: 'symlink', linkname: '/etc/passwd'}]),
    /entry "m" is a symlink/,
  ],
])('an archive that is %s is refused and nothing is kept', async (_, bytes, message) => {
  const parent = folderWith({'m.tar': await bytes()});
  await expect(unpackTar(join(parent, 'm.tar'), join(parent, 'm'), {signal})).rejects.toMatchObject({
    exitCode: 3,
    message: expect.stringMatching(message),
  });
  expect(readdirSync(parent)).toEqual(['m.tar']);
});

test('a stop leaves nothing, and two processes do not meet', async () => {
  const parent = folderWith({'m.tar': await good()});
  const folder = join(parent, 'm');
  const reason = new Error('stopped');
  await expect(unpackTar(join(parent, 'm.tar'), folder, {signal: AbortSignal.abort(reason)})).rejects.toBe(reason);
  const lock = tryLock(`${folder}.lock`);
  await expect(unpackTar(join(parent, 'm.tar'), folder, {signal})).rejects.toMatchObject({code: 'model_busy'});
  lock?.release();
  expect(readdirSync(parent)).toEqual(['m.tar']);
});
