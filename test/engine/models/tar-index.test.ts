import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import fc from 'fast-check';
import {expect, test} from 'vitest';
import {readArchived, tarFiles} from '../../../src/engine/models/tar-index.ts';
import {folderWith} from '../../fixtures/folder.ts';
import {tarBytes} from '../../fixtures/tar.ts';

const archive = (bytes: Uint8Array) => join(folderWith({'m.tar': bytes}), 'm.tar');
const named = (name: string, content: string) => [{name}, Buffer.from(content)] as const;

test('every file of an archive is found and read, whatever its size and name', async () => {
  const content = fc.uint8Array({maxLength: 1500});
  // Names of more than 100 characters take an entry of their own.
  const name = fc.stringMatching(/^[a-z0-9.]{1,120}$/);
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.tuple(name, content), {selector: ([key]) => key, maxLength: 6}),
      async (files) => {
        const path = archive(await tarBytes(...files.map(([key, bytes]) => [{name: `folder/${key}`}, bytes] as const)));
        const found = tarFiles(path).map((file) => [file.name, [...readArchived(path, file)]]);
        expect(found).toEqual(files.map(([key, bytes]) => [key, [...bytes]]));
      },
    ),
    {numRuns: 60},
  );
});

test("folders and links are no files; GNU's long names and sizes of 8 GiB are read", async () => {
  const bytes = await tarBytes(
    [{name: 'd', type: 'directory'}],
    [{name: 'l', type: 'symlink', linkname: '/etc/passwd'}],
    named('a', 'A'),
  );
  expect(tarFiles(archive(bytes)).map(({name}) => name)).toEqual(['a']);
  const long = await tarBytes(
    [{name: '././@LongLink', type: 'file'}, Buffer.from(`x/${'n'.repeat(150)}\0`)],
    named('short', 'S'),
  );
  long[156] = 'L'.charCodeAt(0);
  expect(tarFiles(archive(withSum(long))).map(({name}) => name)).toEqual(['n'.repeat(150)]);
  const large = await tarBytes(named('large', ''));
  large.fill(0, 124, 136);
  large[124] = 0x80;
  large.writeBigUInt64BE(9n * 1024n ** 3n, 128);
  expect(() => tarFiles(archive(withSum(large)))).toThrow('it ends in the middle of a file');
});

test.each<[string, (bytes: Buffer) => Uint8Array]>([
  ['cut', (bytes) => bytes.subarray(0, 700)],
  ['of other bytes', () => Buffer.alloc(2048, 'x')],
  ['with a damaged header', (bytes) => withText(bytes, 'zzz', 0)],
  ['with a size that is none', (bytes) => withSum(withText(bytes, 'zzz', 124))],
  ['with a negative size', (bytes) => withSum(withText(bytes, '-0000001000\0', 124))],
])('an archive %s is refused with its path', async (_, change) => {
  const path = archive(change(await tarBytes(named('a', 'x'.repeat(600)))));
  expect(() => tarFiles(path)).toThrow(
    expect.objectContaining({code: 'model_invalid', message: expect.stringContaining(`${path} is no whole archive`)}),
  );
});

test('an archive that cannot be read is said so, an empty one has no files', () => {
  expect(() => tarFiles('/nowhere/m.tar')).toThrow(expect.objectContaining({code: 'io'}));
  const empty = archive(Buffer.alloc(1024));
  expect(tarFiles(empty)).toEqual([]);
  writeFileSync(empty, '');
  expect(tarFiles(empty)).toEqual([]);
});

/** The first header's sum, made right again. */
function withSum(bytes: Buffer): Buffer {
  bytes.fill(' ', 148, 156);
  const sum = bytes.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return bytes;
}

function withText(bytes: Buffer, text: string, at: number): Buffer {
  bytes.write(text, at);
  return bytes;
}
