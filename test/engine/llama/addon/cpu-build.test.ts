import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {hasNoGpu, ramPadding} from '../../../../src/engine/llama/addon/cpu-build.ts';

test.each(['/dev/nvidiactl', '/dev/dri', '/dev/kfd', '/dev/dxg'])('a machine with %s may have a GPU', (device) => {
  expect(hasNoGpu('linux', (path) => path === device)).toBe(false);
});

test('Linux without any of them has none', () => {
  expect(hasNoGpu('linux', () => false)).toBe(true);
});

test.each(['darwin', 'win32'] as const)('%s does not show it in files', (system) => {
  expect(hasNoGpu(system, () => false)).toBe(false);
});

test('a quarter of the memory is left to the system, and no more than a gibibyte', () => {
  expect(ramPadding(2 * 1024 ** 3)).toBe(0.5 * 1024 ** 3);
  expect(ramPadding(64 * 1024 ** 3)).toBe(1024 ** 3);
});

test('the programs look for the same devices before anything of this is loaded', () => {
  const root = join(import.meta.dirname, '../../../..');
  const listed = (file: string) => /const GPU_DEVICES = (\[.*?\]);/.exec(readFileSync(join(root, file), 'utf8'))?.[1];
  expect(listed('bin/start.js')).toContain('/dev/nvidiactl');
  expect(listed('bin/start.js')).toBe(listed('src/engine/llama/addon/cpu-build.ts'));
});
