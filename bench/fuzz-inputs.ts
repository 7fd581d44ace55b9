// Bad inputs made of good ones, and what a reader does with them.
import {EngineError} from '../src/base/errors.ts';
import {WrongShapeError} from '../src/base/shape.ts';
import type {Target} from './fuzz-targets.ts';

/** What one input may take, in milliseconds. */
const LIMIT_MS = 500;

export interface Finding {
  readonly target: string;
  /** Which input of the run: the same for the same seed. */
  readonly number: number;
  readonly what: string;
  readonly input: Buffer;
}

/** Told failures: ours, and JSON's own, which every caller of a reader catches. */
function isTold(error: unknown): boolean {
  return error instanceof EngineError || error instanceof WrongShapeError || error instanceof SyntaxError;
}

/** CPU time of this process in milliseconds: a busy machine does not count. */
const cpu = () => process.cpuUsage().user / 1000;

/** Reads `count` inputs with one target. What takes too long is read again, so that a garbage collection is no finding. */
export async function fuzz({name: target, seeds, read}: Target, seed: number, count: number): Promise<Finding[]> {
  const roll = dice(seed);
  const found: Finding[] = [];
  const measure = async (input: Buffer, number: number) => {
    const start = cpu();
    try {
      await read(input);
    } catch (error) {
      if (!isTold(error))
        found.push({target, number, what: error instanceof Error ? String(error.stack) : String(error), input});
    }
    return cpu() - start;
  };
  for (let number = 0; number < count; number++) {
    const input = mutated(seeds[roll(seeds.length)] ?? new Uint8Array(), roll);
    if ((await measure(input, number)) > LIMIT_MS && (await measure(input, number)) > LIMIT_MS) {
      found.push({target, number, what: `longer than ${LIMIT_MS} ms`, input});
    }
  }
  return found;
}

/** The same numbers for the same seed (mulberry32), below `limit`. */
export function dice(seed: number): (limit: number) => number {
  let state = seed | 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

/** What foreign text is known to break readers with. */
const ODD: readonly string[] = [
  ...['null', '0', '-1', '1e999', '9007199254740993', '""', '[]', '{}', 'true', '"\\ud800"', '\\u0000', '__proto__'],
  ...[
    '\0',
    '\r',
    '\n',
    '\n\n',
    '\u2028',
    '\u2029',
    '\uFEFF',
    '\u001b[',
    '\u001b]',
    '\u009b',
    '\u202e',
    '\u200d',
    '\u0301',
  ],
  ...[
    'data:',
    'data: ',
    '[DONE]',
    ':',
    '"',
    '\\',
    '{',
    '}',
    '[',
    ']',
    ',',
    '|',
    '`',
    '```',
    '*',
    '_',
    '> ',
    '# ',
    '. ',
    '...',
    '(',
  ],
];

/** A bad input made of a good one: bytes changed, cut, doubled, repeated or replaced, up to five times over. */
export function mutated(seed: Uint8Array, roll: (limit: number) => number): Buffer {
  let input = Buffer.from(seed);
  for (let left = 1 + roll(5); left > 0; left--) {
    const at = roll(input.length + 1);
    const to = Math.min(input.length, at + roll(1 + roll(64)));
    const middle = [
      () => Buffer.from(ODD[roll(ODD.length)] ?? ''),
      () => Buffer.from([roll(256)]),
      () => Buffer.alloc(0),
      () => Buffer.concat([input.subarray(at, to), input.subarray(at, to)]),
      () => Buffer.from((ODD[roll(ODD.length)] ?? '').repeat(1 + roll(200))),
      () => Buffer.from(input.subarray(at, to)).reverse(),
    ][roll(6)]?.();
    input = Buffer.concat([input.subarray(0, at), middle ?? Buffer.alloc(0), input.subarray(roll(3) === 0 ? at : to)]);
  }
  return input;
}
