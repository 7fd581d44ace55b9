// The limits of this process that `ulimit -v` and `ulimit -d` set: what is asked for beyond them fails, whatever is free.
import type {Memory} from './cgroup.ts';

/** The name of a limit in /proc/self/limits, and of what counts against it in /proc/self/status. */
const LIMITS = [
  ['Max address space', 'VmSize'],
  ['Max data size', 'VmData'],
] as const;

/**
 * `memory` cut down to what the limits leave beside what the process has already: Node alone reserves most of a gigabyte of
 * addresses. `read` gives a file's text, undefined when there is none (Linux alone has these).
 */
export function memoryWithinLimits({total, free}: Memory, read: (path: string) => string | undefined): Memory {
  const limits = read('/proc/self/limits') ?? '';
  const left = LIMITS.flatMap(([limit, used]) => {
    const most = Number(new RegExp(`^${limit}\\s+(\\d+)`, 'm').exec(limits)?.[1] ?? Number.NaN);
    if (Number.isNaN(most)) return [];
    const kilobytes = new RegExp(`^${used}:\\s+(\\d+) kB`, 'm').exec(read('/proc/self/status') ?? '')?.[1] ?? 0;
    return [Math.max(0, most - Number(kilobytes) * 1024)];
  });
  return {total: Math.min(total, ...left), free: Math.min(free, ...left)};
}
