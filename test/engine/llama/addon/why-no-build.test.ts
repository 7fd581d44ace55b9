import {expect, test} from 'vitest';
import {type Clues, cluesHere, whyNoBuild} from '../../../../src/engine/llama/addon/why-no-build.ts';

const here: Clues = {isMusl: false, isInstalled: true, loadCode: undefined, name: '@node-llama-cpp/linux-x64'};

test.each<[Partial<Clues>, string, string]>([
  [
    {isMusl: true, isInstalled: false},
    'its C library is musl (Alpine), and the prepared builds are for glibc',
    'node:22-slim',
  ],
  [{isInstalled: false}, 'the optional package @node-llama-cpp/linux-x64 is not installed', '--include=optional'],
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
