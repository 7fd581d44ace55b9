import {expect, test} from 'vitest';
import {physicalCores} from '../../../../src/engine/llama/c-api/physical-cores.ts';

const files = (texts: Readonly<Record<string, string>>) => (path: string) => texts[path];
const siblings = (cpu: number) => `/sys/devices/system/cpu/cpu${cpu}/topology/thread_siblings`;

test('two threads of one core count once', () => {
  expect(physicalCores(files({[siblings(0)]: '1\n'}))).toBe(1);
  expect(
    physicalCores(
      files({
        '/sys/devices/cpu_core/cpus': '0-3\n',
        [siblings(0)]: '5\n',
        [siblings(1)]: 'a\n',
        [siblings(2)]: '5\n',
        [siblings(3)]: 'a\n',
      }),
    ),
  ).toBe(2);
});

test('of two kinds of cores the fast ones count', () => {
  const cpus = {'/sys/devices/cpu_core/cpus': '0,2-3\n'};
  const all = Object.fromEntries([0, 1, 2, 3, 4].map((cpu) => [siblings(cpu), `${1 << cpu}`]));
  expect(physicalCores(files({...cpus, ...all}))).toBe(3);
});

test('where the system does not tell there is at least one', () => {
  expect(physicalCores(() => undefined)).toBeGreaterThanOrEqual(1);
});
