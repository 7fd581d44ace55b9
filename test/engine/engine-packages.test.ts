import {join} from 'node:path';
import {pathToFileURL} from 'node:url';
import {expect, test} from 'vitest';
import {engineBuild, processorBuild, systemName} from '../../src/engine/engine-packages.ts';
import {folderWith} from '../fixtures/folder.ts';

const manifest = (version: string) => JSON.stringify({version, main: 'dist/index.js'});
const build = (name: string, version: string, above = '') => ({
  [`${above}node_modules/@node-llama-cpp/${name}/package.json`]: manifest(version),
  [`${above}node_modules/@node-llama-cpp/${name}/dist/index.js`]: '',
  [`${above}node_modules/@node-llama-cpp/${name}/bins/${name}/llama-addon.node`]: '',
});
/** node-llama-cpp as our tarball brings it: inside the package, wherever that lies. */
const bundled = {
  'node_modules/mistral-chat/node_modules/node-llama-cpp/package.json': manifest('1.2.3'),
  'node_modules/mistral-chat/node_modules/node-llama-cpp/dist/index.js': '',
};
const insideOf = (folder: string) => pathToFileURL(join(folder, 'node_modules/mistral-chat/dist/x.js')).href;

test.each([
  ['darwin', 'arm64', 'mac-arm64'],
  ['darwin', 'x64', 'mac-x64'],
  ['win32', 'x64', 'win-x64'],
  ['linux', 'arm', 'linux-armv7l'],
  ['linux', 'riscv64', 'linux-riscv64'],
])('%s on %s is %s to the packages', (system, processor, name) => {
  expect(systemName(system, processor)).toBe(name);
});

test("Apple's chips have one build for the processor and for Metal", () => {
  expect(processorBuild(import.meta.url, 'mac-arm64').packageName).toBe('@node-llama-cpp/mac-arm64-metal');
  expect(processorBuild(import.meta.url, 'mac-x64').packageName).toBe('@node-llama-cpp/mac-x64');
});

test.each(['', 'node_modules/mistral-chat/'])('a build is found where npm puts it: %j', (above) => {
  const folder = folderWith({...bundled, ...build('linux-x64', '1.2.3', above)});
  expect(engineBuild('linux-x64', insideOf(folder))).toEqual({
    name: 'linux-x64',
    packageName: '@node-llama-cpp/linux-x64',
    folder: join(folder, above, 'node_modules/@node-llama-cpp/linux-x64/bins/linux-x64'),
  });
});

test('a build of another version is none, and neither is one that is not there', () => {
  const folder = folderWith({...bundled, ...build('linux-x64', '1.2.4')});
  expect(engineBuild('linux-x64', insideOf(folder)).folder).toBeUndefined();
  expect(engineBuild('linux-arm64', insideOf(folder)).folder).toBeUndefined();
});
