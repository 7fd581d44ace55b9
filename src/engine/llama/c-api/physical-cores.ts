// How many cores compute well, by llama.cpp's own rule (common_cpu_get_num_math): two threads on one core share its
// arithmetic, and on a processor with two kinds of cores the slow ones hold up the others.
import {availableParallelism, cpus} from 'node:os';
import {readRegularText} from '../../../base/files/regular-file.ts';

/** Intel's faster cores, where there are two kinds. */
const FAST_CORES = '/sys/devices/cpu_core/cpus';

/** `read` answers the text of a file, or undefined when there is none. */
export function physicalCores(read: (path: string) => string | undefined = readText): number {
  const fast = read(FAST_CORES);
  const numbers = fast === undefined ? cpus().map((_, number) => number) : numbersOf(fast);
  const cores = new Set<string>();
  for (const number of numbers) {
    const siblings = read(`/sys/devices/system/cpu/cpu${number}/topology/thread_siblings`);
    if (siblings !== undefined) cores.add(siblings.trim());
  }
  if (cores.size > 0) return cores.size;
  // Where the system does not tell: llama.cpp takes two threads a core for granted from five on.
  const threads = availableParallelism();
  return threads > 4 ? Math.floor(threads / 2) : threads;
}

/** Of a list such as `0-3,8`. */
function numbersOf(list: string): number[] {
  return list
    .trim()
    .split(',')
    .flatMap((range) => {
      const [from = 0, to = from] = range.split('-').map(Number);
      return Array.from({length: Math.max(0, to - from + 1)}, (_, at) => from + at);
    });
}

function readText(path: string): string | undefined {
  try {
    return readRegularText(path);
  } catch {
    return undefined;
  }
}
