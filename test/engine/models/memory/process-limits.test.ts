import {execFileSync} from 'node:child_process';
import {pathToFileURL} from 'node:url';
import {expect, test} from 'vitest';
import {memoryWithinLimits} from '../../../../src/engine/models/memory/process-limits.ts';

const machine = {total: 16e9, free: 10e9};
const limits = (
  addresses: string,
  data: string,
) => `Limit                     Soft Limit           Hard Limit           Units
Max data size             ${data.padEnd(20)} unlimited            bytes
Max stack size            8388608              unlimited            bytes
Max address space         ${addresses.padEnd(20)} unlimited            bytes
`;
const status = 'Name:\tnode\nVmPeak:\t  900000 kB\nVmSize:\t  1000000 kB\nVmRSS:\t   50000 kB\nVmData:\t  100000 kB\n';
const within = (addresses: string, data: string) =>
  memoryWithinLimits(
    machine,
    (path) => ({'/proc/self/limits': limits(addresses, data), '/proc/self/status': status})[path],
  );

test.each([
  ['unlimited', 'unlimited', machine],
  ['4096000000', 'unlimited', {total: 3072e6, free: 3072e6}],
  ['unlimited', '4096000000', {total: 3993.6e6, free: 3993.6e6}],
  ['4096000000', '2048000000', {total: 1945.6e6, free: 1945.6e6}],
  ['13024000000', 'unlimited', {total: 12e9, free: 10e9}],
  ['512000000', 'unlimited', {total: 0, free: 0}],
])('addresses %s, data %s', (addresses, data, memory) => {
  expect(within(addresses, data)).toEqual(memory);
});

test('without /proc nothing is limited', () => {
  expect(memoryWithinLimits(machine, () => undefined)).toEqual(machine);
});

test.skipIf(process.platform !== 'linux')('a real limit is read', () => {
  const machineModule = pathToFileURL('dist/engine/models/memory/machine.js').href;
  const code = `import('${machineModule}').then(({thisMachine}) => console.log(thisMachine().ramBytes))`;
  const bytes = execFileSync('/bin/sh', ['-c', 'ulimit -v 2000000; exec "$0" -e "$1"', process.execPath, code]);
  expect(Number(bytes)).toBeGreaterThan(0);
  expect(Number(bytes)).toBeLessThan(2_048_000_000);
});
