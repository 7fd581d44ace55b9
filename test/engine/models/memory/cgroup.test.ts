import {expect, test} from 'vitest';
import {limitedCores, limitedMemory} from '../../../../src/engine/models/memory/cgroup.ts';

const machine = {total: 16e9, free: 10e9};
const limited = (files: Record<string, string>) => limitedMemory(machine, (path) => files[path]);

test('without control groups the memory is the machine\u2019s', () => {
  expect(limited({})).toEqual(machine);
  expect(limited({'/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/memory.max': 'max\n'})).toEqual(machine);
});

test('a limit of version 2 counts, and what its file cache holds is free', () => {
  const files = {
    '/proc/self/cgroup': '0::/\n',
    '/sys/fs/cgroup/memory.max': '4000000000\n',
    '/sys/fs/cgroup/memory.current': '3000000000\n',
    '/sys/fs/cgroup/memory.stat': 'anon 500000000\ninactive_file 2000000000\n',
  };
  expect(limited(files)).toEqual({total: 4e9, free: 3e9});
});

test('the tightest of the nested groups counts', () => {
  const files = {
    '/proc/self/cgroup': '0::/user.slice/job\n',
    '/sys/fs/cgroup/user.slice/job/memory.max': '8000000000',
    '/sys/fs/cgroup/user.slice/job/memory.current': '7000000000',
    '/sys/fs/cgroup/user.slice/memory.max': '6000000000',
    '/sys/fs/cgroup/user.slice/memory.current': '1000000000',
  };
  expect(limited(files)).toEqual({total: 6e9, free: 1e9});
});

test('a limit of version 1 counts; none is a number larger than any memory', () => {
  const files = {
    '/proc/self/cgroup': '5:cpuset:/\n4:memory:/docker/abc\n',
    '/sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes': '9223372036854771712',
    '/sys/fs/cgroup/memory/memory.limit_in_bytes': '2000000000',
    '/sys/fs/cgroup/memory/memory.usage_in_bytes': '500000000',
    '/sys/fs/cgroup/memory/memory.stat': 'total_inactive_file 100000000\n',
  };
  expect(limited(files)).toEqual({total: 2e9, free: 1.6e9});
});

test('a limit above the machine\u2019s memory limits nothing', () => {
  expect(limited({'/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/memory.max': '99000000000'})).toEqual(machine);
});

const cores = (files: Record<string, string>, all = 8) => limitedCores(all, (path) => files[path]);

test.each<[string, Record<string, string>, number]>([
  ['none', {}, 8],
  ['version 2 without one', {'/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': 'max 100000\n'}, 8],
  ['version 2', {'/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': '250000 100000\n'}, 2],
  ['less than one', {'/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': '50000 100000\n'}, 1],
  ['another period', {'/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': '30000 10000\n'}, 3],
  ['more than there are', {'/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': '1600000 100000\n'}, 8],
  ['exactly one less', {'/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': '700000 100000\n'}, 7],
  ['a broken file', {'/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': '0 0\n'}, 8],
  [
    'a parent of version 2',
    {
      '/proc/self/cgroup': '0::/a.slice/b.scope\n',
      '/sys/fs/cgroup/a.slice/b.scope/cpu.max': '400000 100000',
      '/sys/fs/cgroup/a.slice/cpu.max': '300000 100000',
    },
    3,
  ],
  [
    'version 1',
    {
      '/proc/self/cgroup': '4:memory:/\n3:cpu,cpuacct:/docker/abc\n2:cpuset:/docker/abc\n',
      '/sys/fs/cgroup/cpu/docker/abc/cpu.cfs_quota_us': '100000\n',
      '/sys/fs/cgroup/cpu/docker/abc/cpu.cfs_period_us': '100000\n',
    },
    1,
  ],
  [
    'version 1 inside a container, where the root is the group',
    {
      '/proc/self/cgroup': '3:cpuacct,cpu:/docker/abc\n',
      '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '150000\n',
      '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '50000\n',
    },
    3,
  ],
  [
    'version 1 without one',
    {
      '/proc/self/cgroup': '3:cpu:/\n',
      '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1\n',
      '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
    },
    8,
  ],
  [
    'a controller with a similar name',
    {
      '/proc/self/cgroup': '3:cpuset:/\n',
      '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '100000',
      '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000',
    },
    8,
  ],
])('a CPU quota: %s', (_, files, left) => {
  expect(cores(files)).toBe(left);
});
