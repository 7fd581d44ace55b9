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
