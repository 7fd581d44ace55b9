import {expect, test} from 'vitest';
import {type Clues, cluesHere, installCommand, whyNoBuild} from '../../../../src/engine/llama/addon/why-no-build.ts';

const here: Clues = {
  isMusl: false,
  isInstalled: true,
  loadCode: undefined,
  name: '@node-llama-cpp/linux-x64',
  install: 'npm install --include=optional',
};

test.each<[Partial<Clues>, string, string]>([
  [
    {isMusl: true, isInstalled: false},
    'its C library is musl (Alpine), and the prepared builds are for glibc',
    'node:22-slim',
  ],
  [
    {isInstalled: false},
    'the optional package @node-llama-cpp/linux-x64 is not installed',
    'Run: npm install --include=optional',
  ],
  [
    {loadCode: 'ERR_DLOPEN_DISABLED'},
    'Node was told to load no native code (--experimental-permission, --permission or --no-addons)',
    '--allow-addons',
  ],
  [{loadCode: 'ERR_ACCESS_DENIED'}, "Node's permission model keeps it from its own files", '--permission'],
])('%j is named with a way out', (clues, why, way) => {
  const found = whyNoBuild({...here, ...clues});
  expect(found?.why).toBe(why);
  expect(found?.hint).toContain(way);
});

test('nothing is guessed where nothing is known', () => {
  expect(whyNoBuild(here)).toBeUndefined();
  expect(whyNoBuild({...here, loadCode: 'ERR_DLOPEN_FAILED'})).toBeUndefined();
});

test('where the build works nothing stands in its way', () => {
  expect(cluesHere()).toMatchObject({isMusl: false, isInstalled: true, loadCode: undefined});
});

test.each([
  [
    '/usr/lib/node_modules/mistral-chat/dist/engine/llama/addon/why-no-build.js',
    'npm install --global --include=optional mistral-chat',
  ],
  ['/home/me/app/node_modules/mistral-chat/dist/x.js', 'npm install --include=optional --prefix /home/me/app'],
  ['/home/me/my app/node_modules/mistral-chat/dist/x.js', 'npm install --include=optional --prefix "/home/me/my app"'],
  [
    '/home/me/app/node_modules/a/node_modules/mistral-chat/dist/x.js',
    'npm install --include=optional --prefix /home/me/app',
  ],
  ['/home/me/mistral-chat/dist/engine/x.js', 'npm install --include=optional'],
])('the command for %s is one that can be run as it stands', (path, command) => {
  const projects = ['/home/me/app/package.json', '/home/me/my app/package.json'];
  expect(installCommand(path, (file) => projects.includes(file))).toBe(command);
});
