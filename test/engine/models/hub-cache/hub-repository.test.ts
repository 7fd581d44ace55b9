import {existsSync, lstatSync, mkdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {expect, test} from 'vitest';
import {blobPath, linkBlob, writeRef} from '../../../../src/engine/models/hub-cache/hub-repository.ts';
import {folderWith} from '../../../fixtures/folder.ts';

const file = {repo: 'x/y', commit: 'c0ffee0', name: 'sub/m.gguf'};
const refusing = (code: string) => () => {
  throw Object.assign(new Error(code), {code, syscall: 'symlink'});
};

function cacheWithBlob() {
  const cache = folderWith({'models--x--y/blobs/abc': 'whole'});
  return {cache, blob: blobPath(cache, 'x/y', 'abc'), path: join(cache, 'models--x--y/snapshots/c0ffee0/sub/m.gguf')};
}

test('a blob is linked once, relatively, and a wrong link is replaced', () => {
  const {cache, path} = cacheWithBlob();
  mkdirSync(dirname(path), {recursive: true});
  symlinkSync('../../../blobs/other', path);
  expect([linkBlob(cache, file, 'abc'), linkBlob(cache, file, 'abc')]).toEqual([path, path]);
  expect(readlinkSync(path)).toBe('../../../blobs/abc');
});

// What Windows without the right to links, FAT, exFAT and some network disks say.
test.each(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EINVAL'])(
  'a disk that says %s to links gets the file',
  (code) => {
    const {cache, blob, path} = cacheWithBlob();
    expect(linkBlob(cache, file, 'abc', refusing(code))).toBe(path);
    expect([lstatSync(path).isFile(), readFileSync(path, 'utf8'), existsSync(blob)]).toEqual([true, 'whole', false]);
  },
);

test.each(['EACCES', 'EROFS', 'ENOSPC', 'EIO'])('%s is no lack of links: the blob stays where it is', (code) => {
  const {cache, blob, path} = cacheWithBlob();
  expect(() => linkBlob(cache, file, 'abc', refusing(code))).toThrow(code);
  expect([existsSync(blob), existsSync(path)]).toEqual([true, false]);
});

test('another process that made the same link meanwhile is no error, one that made another is', () => {
  for (const target of ['abc', 'other']) {
    const {cache, path} = cacheWithBlob();
    const link = () => {
      symlinkSync(`../../../blobs/${target}`, path);
      refusing('EEXIST')();
    };
    if (target === 'abc') expect(linkBlob(cache, file, 'abc', link)).toBe(path);
    else expect(() => linkBlob(cache, file, 'abc', link)).toThrow('EEXIST');
  }
});

test('a ref that says so already is not written again', () => {
  const {cache} = cacheWithBlob();
  writeRef(cache, 'x/y', 'main', 'c0ffee0');
  const ref = join(cache, 'models--x--y/refs/main');
  const {ino} = lstatSync(ref);
  writeRef(cache, 'x/y', 'main', 'c0ffee0');
  expect(lstatSync(ref).ino).toBe(ino);
  writeFileSync(ref, 'old\n');
  writeRef(cache, 'x/y', 'main', 'c0ffee0');
  expect(readFileSync(ref, 'utf8')).toBe('c0ffee0');
});
