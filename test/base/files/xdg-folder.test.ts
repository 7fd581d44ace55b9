import {expect, test} from 'vitest';
import {xdgFolder} from '../../../src/base/files/xdg-folder.ts';

const home = () => '/home/x';
const homeless = () => expect.unreachable();

test.each([
  ['cache', {}, '/home/x/.cache'],
  ['config', {}, '/home/x/.config'],
  ['state', {}, '/home/x/.local/state'],
  ['data', {}, '/home/x/.local/share'],
  ['cache', {XDG_CACHE_HOME: 'relative/path'}, '/home/x/.cache'],
  ['state', {XDG_STATE_HOME: ''}, '/home/x/.local/state'],
  ['state', {XDG_CACHE_HOME: '/elsewhere'}, '/home/x/.local/state'],
] as const)('%s with %j', (kind, env, path) => expect(xdgFolder(kind, env, home)).toBe(path));

test('a user without a home is not asked for it where the variable says enough', () => {
  expect(xdgFolder('config', {XDG_CONFIG_HOME: '/etc/x'}, homeless)).toBe('/etc/x');
});
