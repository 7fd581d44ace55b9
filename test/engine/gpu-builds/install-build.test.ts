import {createHash} from 'node:crypto';
import {existsSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {buffer} from 'node:stream/consumers';
import {gzipSync} from 'node:zlib';
import {pack} from 'tar-stream';
import {expect, test} from 'vitest';
import type {GpuBuild} from '../../../src/engine/gpu-builds/build-table.ts';
import {checkBuildsFolder, installBuild, removeBuilds} from '../../../src/engine/gpu-builds/install-build.ts';
import {folderWith} from '../../fixtures/folder.ts';

const BUILD: GpuBuild = {
  kind: 'vulkan',
  folder: 'linux-x64-vulkan',
  main: {name: '@node-llama-cpp/linux-x64-vulkan', bytes: 100, integrity: undefined},
  fallback: {name: '@node-llama-cpp/linux-x64-vulkan-ext', bytes: 100, integrity: undefined},
};
const GOOD = {
  'package/package.json': '{}',
  'package/LICENSE': 'MIT',
  'package/bins/linux-x64-vulkan/llama-addon.node': 'native',
  'package/bins/linux-x64-vulkan/libggml-vulkan.so': 'kernels',
};

async function archiveOf(files: Readonly<Record<string, string>>) {
  const tar = pack();
  for (const [name, content] of Object.entries(files)) tar.entry({name}, content);
  tar.finalize();
  const bytes = gzipSync(await buffer(tar));
  const folder = folderWith({bins: ''});
  const archive = join(folder, 'build.tgz');
  writeFileSync(archive, bytes);
  return {archive, integrity: `sha512-${createHash('sha512').update(bytes).digest('base64')}`};
}

const options = (folder: string) => ({
  folder,
  build: BUILD,
  part: 'main' as const,
  signal: new AbortController().signal,
});

test('a build is unpacked whole, its fallback beside it, and both are taken away again', async () => {
  const folder = folderWith({'_old.txt': ''});
  await installBuild({...options(folder), ...(await archiveOf(GOOD))});
  const ext = await archiveOf({'package/bins/linux-x64-vulkan/fallback/libggml-vulkan.so': 'old kernels'});
  await installBuild({...options(folder), ...ext, part: 'fallback'});
  const place = join(folder, 'linux-x64-vulkan');
  expect(readFileSync(join(place, 'llama-addon.node'), 'utf8')).toBe('native');
  expect(readFileSync(join(place, 'libggml-vulkan.so'), 'utf8')).toBe('kernels');
  expect(readFileSync(join(place, 'fallback/libggml-vulkan.so'), 'utf8')).toBe('old kernels');
  expect(removeBuilds(folder)).toEqual([{name: 'linux-x64-vulkan', bytes: 29}]);
  expect(readdirSync(folder)).toEqual(['_old.txt']);
  expect(removeBuilds(folder)).toEqual([]);
});

test('what is not the package that was promised is not unpacked', async () => {
  const folder = folderWith();
  const {archive} = await archiveOf(GOOD);
  const {integrity} = await archiveOf({...GOOD, 'package/more': ''});
  await expect(installBuild({...options(folder), archive, integrity})).rejects.toMatchObject({
    code: 'model_invalid',
    message: expect.stringContaining('is not the package that was promised'),
  });
  await expect(installBuild({...options(folder), archive, integrity: 'md5-abc'})).rejects.toMatchObject({
    code: 'model_invalid',
  });
  expect(readdirSync(folder)).toEqual([]);
});

test.each([
  ['without a build', {'package/package.json': '{}'}, 'holds no build of the engine'],
  ['with a way out of the folder', {...GOOD, '../out.node': 'x'}, 'leads out of the folder'],
])('an archive %s leaves nothing', async (_name, files, message) => {
  const folder = folderWith();
  const rejects = expect(installBuild({...options(folder), ...(await archiveOf(files))})).rejects;
  await rejects.toMatchObject({code: 'model_invalid', message: expect.stringContaining(message)});
  expect(readdirSync(folder)).toEqual([]);
  expect(existsSync(join(folder, '../out.node'))).toBe(false);
});

test('a failed second try leaves the build that was there', async () => {
  const folder = folderWith({'linux-x64-vulkan/llama-addon.node': 'first'});
  const bad = await archiveOf({'package/package.json': '{}'});
  await expect(installBuild({...options(folder), ...bad})).rejects.toThrow();
  expect(readFileSync(join(folder, 'linux-x64-vulkan/llama-addon.node'), 'utf8')).toBe('first');
});

test('a folder that cannot be written is told before anything is fetched', async () => {
  await expect(checkBuildsFolder(join(folderWith(), 'gone/bins'), BUILD.main)).rejects.toMatchObject({
    code: 'io',
    hint: 'Run it as the user who installed mistral-chat.',
  });
});

test('what does not fit the disk is told before anything is fetched', async () => {
  const huge = {...BUILD.main, bytes: 1e18};
  await expect(checkBuildsFolder(folderWith(), huge)).rejects.toMatchObject({code: 'disk_full'});
});
