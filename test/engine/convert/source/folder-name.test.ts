import {expect, test} from 'vitest';
import {folderName} from '../../../../src/engine/convert/source/folder-name.ts';

test.each([
  ['/home/me/models/7B', '7B'],
  ['/home/me/models/7B/', '7B'],
  ['/cache/hub/models--me--My-Tune/snapshots/c0ffee', 'My-Tune'],
  ['/cache/hub/models--me--a--b/snapshots/c0ffee', 'a--b'],
  ['/cache/hub/models--old/snapshots/c0ffee', 'old'],
  ['/mine/snapshots/c0ffee', 'c0ffee'],
  ['/', ''],
])('%s is called %s', (folder, name) => {
  expect(folderName(folder)).toBe(name);
});
