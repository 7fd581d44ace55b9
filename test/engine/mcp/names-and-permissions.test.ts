import {expect, test} from 'vitest';
import {ExposedNames} from '../../../src/engine/mcp/exposed-names.ts';
import {fits, isToolPattern, permissionOf} from '../../../src/engine/mcp/permission.ts';

test('a name is SERVER_TOOL, and stays with its tool', () => {
  const names = new ExposedNames();
  expect(names.of('fs', 'read_file')).toBe('fs_read_file');
  expect(names.of('my server', 'größe/x')).toBe('my_server_gr__e_x');
  expect(names.of('fs', 'read_file')).toBe('fs_read_file');
  expect(names.meant('fs_read_file')).toEqual({server: 'fs', tool: 'read_file'});
  expect(names.meant('fs_other')).toBeUndefined();
});

test('two tools that would have one name have two', () => {
  const names = new ExposedNames();
  expect(names.of('a', 'b_c')).toBe('a_b_c');
  const other = names.of('a_b', 'c');
  expect(other).toMatch(/^a_b_c_[0-9a-f]{8}$/);
  expect(names.of('a', 'b?c')).toMatch(/^a_b_c_[0-9a-f]{8}$/);
  expect(names.of('a', 'b?c')).not.toBe(other);
  expect(names.meant(other)).toEqual({server: 'a_b', tool: 'c'});
});

test('a name of 64 characters is whole, a longer one is cut and told apart', () => {
  const names = new ExposedNames();
  expect(names.of('s', 'x'.repeat(62))).toBe(`s_${'x'.repeat(62)}`);
  const [one, two] = [names.of('s', `${'x'.repeat(62)}1`), names.of('s', `${'x'.repeat(62)}2`)];
  expect(one).toMatch(/^s_x{53}_[0-9a-f]{8}$/);
  expect(one).toHaveLength(64);
  expect(two).not.toBe(one);
});

test.each([
  ['fs_read', 'fs_read', true],
  ['fs_read', 'fs_rea', false],
  ['fs_read_file', 'fs_read_*', true],
  ['fs_read', 'fs_read_*', false],
  ['fs_read', '*', true],
  ['fs_read_file', 'fs_*_file', true],
  ['fs_file', 'fs_*_file', false],
  ['aXbXc', 'a*b*c', true],
  ['abc', 'a*b*b*c', false],
  ['aba', 'ab*ba', false],
])('%s fits %s: %s', (name, pattern, expected) => {
  expect(fits(name, pattern)).toBe(expected);
});

test('a pattern of many stars takes no time', () => {
  const before = performance.now();
  expect(fits('a'.repeat(64), `${'a*'.repeat(63)}b`)).toBe(false);
  expect(performance.now() - before).toBeLessThan(100);
});

test('denying wins, and what nobody decided is asked', () => {
  expect(permissionOf('fs_write', {allow: ['*'], deny: ['fs_w*']})).toBe('deny');
  expect(permissionOf('fs_read', {allow: ['*'], deny: ['fs_w*']})).toBe('allow');
  expect(permissionOf('fs_read', {allow: [], deny: []})).toBe('ask');
});

test.each(['', 'fs read', 'fs.*', 'a\u001b', 'x'.repeat(129)])('%j is no pattern', (pattern) => {
  expect(isToolPattern(pattern)).toBe(false);
});
