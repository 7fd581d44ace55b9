// The limits of the control groups this process runs in (containers, systemd slices): a machine may have more memory and
// more processors than the kernel will ever give to it.

export interface Memory {
  /** Bytes. */
  readonly total: number;
  readonly free: number;
}

/** One place a limit can be set: files of cgroup v2 or v1, and what of the usage the kernel can take back. */
interface Level {
  readonly limit: string;
  readonly usage: string;
  readonly stat: string;
}

const V2 = '/sys/fs/cgroup';
const V1 = '/sys/fs/cgroup/memory';
const V1_CPU = '/sys/fs/cgroup/cpu';

type Read = (path: string) => string | undefined;

/**
 * `memory` cut down to every limit of this process's cgroup and its parents. Of what the group uses, the file cache
 * that can be dropped counts as free. `read` gives a file's text, undefined when there is none.
 */
export function limitedMemory(memory: Memory, read: Read): Memory {
  let {total, free} = memory;
  for (const {limit, usage, stat} of levels(read('/proc/self/cgroup') ?? '')) {
    const most = Number.parseInt(read(limit) ?? '', 10);
    if (!(most > 0 && most < memory.total)) continue;
    const used = Number.parseInt(read(usage) ?? '0', 10);
    const cache = Number(/^(?:total_)?inactive_file (\d+)$/m.exec(read(stat) ?? '')?.[1] ?? 0);
    total = Math.min(total, most);
    free = Math.min(free, Math.max(0, most - Math.max(0, used - cache)));
  }
  return {total, free};
}

/**
 * Whole processors that the CPU quotas of this process's cgroup and its parents leave of `cores`, at least 1: threads
 * beyond a quota are stopped for the rest of its period, and those that wait for them as well.
 */
export function limitedCores(cores: number, read: Read): number {
  const groups = read('/proc/self/cgroup') ?? '';
  const quotas = [
    // "max 100000", or microseconds in each period.
    ...ancestors(v2Path(groups)).map((path) => (read(`${V2}${path}/cpu.max`) ?? '').trim().split(' ')),
    ...ancestors(v1Path(groups, 'cpu')).map((path) =>
      ['cpu.cfs_quota_us', 'cpu.cfs_period_us'].map((name) => read(`${V1_CPU}${path}/${name}`) ?? ''),
    ),
  ].flatMap(([quota = '', period = '']) => {
    const share = Number.parseInt(quota, 10) / Number.parseInt(period, 10);
    return share > 0 && share < cores ? [share] : [];
  });
  return Math.max(1, Math.floor(Math.min(cores, ...quotas)));
}

/** From /proc/self/cgroup: the path of the group in version 2. */
function v2Path(groups: string): string | undefined {
  return /^0::(\/.*)$/m.exec(groups)?.[1];
}

/** From /proc/self/cgroup: the path of the group that a controller of version 1 has, alone or mounted with others. */
function v1Path(groups: string, controller: 'memory' | 'cpu'): string | undefined {
  return new RegExp(`^\\d+:(?:[\\w,]*,)?${controller}(?:,[\\w,]*)?:(/.*)$`, 'm').exec(groups)?.[1];
}

/** The group itself and every parent, and the root, which in a container is the group. */
function levels(groups: string): Level[] {
  return [
    ...ancestors(v2Path(groups)).map((path) => ({
      limit: `${V2}${path}/memory.max`,
      usage: `${V2}${path}/memory.current`,
      stat: `${V2}${path}/memory.stat`,
    })),
    ...ancestors(v1Path(groups, 'memory')).map((path) => ({
      limit: `${V1}${path}/memory.limit_in_bytes`,
      usage: `${V1}${path}/memory.usage_in_bytes`,
      stat: `${V1}${path}/memory.stat`,
    })),
  ];
}

/** `/a/b` gives `/a/b`, `/a` and the root as an empty text. */
function ancestors(path: string | undefined): string[] {
  if (path === undefined) return [];
  const names = path.split('/').filter((name) => name !== '');
  return names.map((_, i) => `/${names.slice(0, names.length - i).join('/')}`).concat('');
}
