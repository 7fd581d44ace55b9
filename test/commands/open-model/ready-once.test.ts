import {mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {expect, test} from 'vitest';
import {convertedBefore, convertOnce, defaultType} from '../../../src/commands/open-model/convert-once.ts';
import {unpackedFolder, unpackOnce} from '../../../src/commands/open-model/unpack-once.ts';
import {fingerprint} from '../../../src/engine/convert/source/fingerprint.ts';
import {openSourceFolder} from '../../../src/engine/convert/source/source-folder.ts';
import {fakeIo} from '../../fakes/io.ts';
import {folderWith} from '../../fixtures/folder.ts';
import {tarBytes} from '../../fixtures/tar.ts';
import {denseFolder} from '../../fixtures/tiny-families.ts';

const BOTH = ['stdin', 'stderr'] as const;

/** Streams and a cache of their own; `answer` is typed where there is a terminal. */
const ioWith = (answer = '', terminals: readonly ('stdin' | 'stderr')[] = BOTH) =>
  fakeIo(answer, {XDG_CACHE_HOME: folderWith()}, terminals);

test('a folder that was converted is taken from the cache, the exact one first, and nobody is asked', async () => {
  const folder = folderWith(denseFolder());
  const io = ioWith('', []);
  const place = (type: string) => {
    const name = folder.split('/').at(-1) ?? '';
    return join(
      io.env.XDG_CACHE_HOME ?? '',
      'mistral-chat/models',
      `${name}-${fingerprint(folder)}`,
      `${name}-${type}.gguf`,
    );
  };
  expect(convertedBefore(io, folder)).toBeUndefined();
  mkdirSync(dirname(place('Q8_0')), {recursive: true});
  writeFileSync(place('Q4_K_M'), 'x');
  expect(await convertOnce(io, folder, {})).toBe(place('Q4_K_M'));
  expect(convertedBefore(io, folder, 'q8_0')).toBeUndefined();
  writeFileSync(place('Q8_0'), 'x');
  expect(await convertOnce(io, folder, {})).toBe(place('Q8_0'));
  expect(await convertOnce(io, folder, {quant: 'q4_k_m'})).toBe(place('Q4_K_M'));
  expect(io.err()).toBe('');
});

test('a small folder is converted exactly', () => {
  expect(defaultType(openSourceFolder(folderWith(denseFolder())))).toBe('Q8_0');
});

test('without a terminal, or with a no, nothing is converted', async () => {
  const folder = folderWith(denseFolder());
  const silent = ioWith('', []);
  await expect(convertOnce(silent, folder, {})).rejects.toMatchObject({
    code: 'usage',
    message: expect.stringMatching(/ has to be converted once: .* as Q8_0 into .*, about 1 s\.$/),
  });
  for (const terminals of [['stdin'], ['stderr']] as const) {
    await expect(convertOnce(ioWith('y\n', terminals), folder, {})).rejects.toMatchObject({code: 'usage'});
  }
  await expect(convertOnce(ioWith('n\n'), folder, {})).rejects.toMatchObject({
    code: 'model_not_found',
    message: `${folder} was not converted`,
  });
  expect(convertedBefore(silent, folder)).toBeUndefined();
});

test('a quantisation that cannot be made is refused by name', async () => {
  await expect(convertOnce(ioWith(), folderWith(denseFolder()), {quant: 'q9'})).rejects.toMatchObject({
    code: 'usage',
    message: 'unknown quantisation "q9"',
  });
});

const archive = async () =>
  join(folderWith({'m.tar': await tarBytes([{name: 'params.json'}, Buffer.from('{}')])}), 'm.tar');

test.each(['y\n', 'YES\n', '\n', ' yes \n'])(
  'an archive is unpacked after %j, and the next time taken from the cache',
  async (answer) => {
    const tar = await archive();
    const io = ioWith(answer);
    const folder = await unpackOnce(io, tar, {});
    expect(readFileSync(join(folder, 'params.json'), 'utf8')).toBe('{}');
    expect(io.err()).toContain(`${tar} has to be unpacked once: 2.05 kB into ${folder}. Continue? [Y/n]`);
    expect(await unpackOnce(ioIn(io.env, ''), tar, {})).toBe(folder);
  },
);

test.each(['n\n', 'no\n', 'yess\n', 'y n\n', 'oh yes\n'])('it is not after %j', async (answer) => {
  const tar = await archive();
  const io = ioWith(answer);
  await expect(unpackOnce(io, tar, {})).rejects.toMatchObject({
    code: 'model_not_found',
    message: `${tar} was not unpacked`,
  });
  expect(() => readFileSync(join(unpackedFolder(io, tar), 'params.json'))).toThrow('ENOENT');
});

test('--yes agrees where nobody can be asked, and says what is done', async () => {
  const tar = await archive();
  const io = ioWith('', []);
  await expect(unpackOnce(io, tar, {})).rejects.toMatchObject({code: 'usage', hint: expect.stringContaining('--yes')});
  const folder = await unpackOnce(io, tar, {yes: true});
  expect(readFileSync(join(folder, 'params.json'), 'utf8')).toBe('{}');
  expect(io.err()).toContain('has to be unpacked once');
});

const ioIn = (env: NodeJS.ProcessEnv, stdin: string) => fakeIo(stdin, env);

test('what a conversion that was killed has left is removed before the next one, and told', async () => {
  const io = ioWith();
  const left = join(io.env.XDG_CACHE_HOME ?? '', 'mistral-chat/models/gone-1234');
  mkdirSync(left, {recursive: true});
  const names = ['gone-Q8_0.gguf.part', 'gone-Q4_K_M.gguf.999999999.part', 'gone-Q6_K.gguf'];
  const old = new Date(Date.now() - 2 * 3_600_000);
  for (const name of names) {
    writeFileSync(join(left, name), 'half');
    utimesSync(join(left, name), old, old);
  }
  await convertOnce(io, folderWith(denseFolder()), {yes: true});
  expect(readdirSync(left)).toEqual(['gone-Q6_K.gguf']);
  for (const name of names.slice(0, 2)) {
    expect(io.err()).toContain(`removed ${join(left, name)}, which a conversion that was killed had left\n`);
  }
});
