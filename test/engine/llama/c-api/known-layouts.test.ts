import {describe, expect, test} from 'vitest';
import {knownLayouts, layoutOf} from '../../../../src/engine/llama/c-api/known-layouts.ts';

/** What the library of node-llama-cpp 3.22.1 (llama.cpp v0.5.0) answers, followed by what is behind a struct by chance. */
const MODEL = bytes(
  '00000000000000000000000000000000ffffffff01000000ffffffff01000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000010000000000',
);
const CONTEXT = bytes(
  '00020000000800000002000001000000000000000000000001000000040000000400000000000000ffffffffffffffffffffffffffffffff0000000000000000000080bf000080bf000080bf000080bf00000000000080bf000000000000000000000000000000000100000001000000000000000000000000000000000000000001010101000000000000000000000000000000000000000000000000000000',
);

function bytes(digits: string): Uint8Array {
  return Uint8Array.from(Buffer.from(digits.padEnd(1024, 'a7'), 'hex'));
}

/** The same of index.node in @fugood/node-llama-linux-x64 1.7.15. */
const OTHER_MODEL = bytes(
  '00000000000000000000000000000000ffffffff01000000010000000000000000000000000000000000000000000000000000000000000000000000000000000000010000000000',
);
const OTHER_CONTEXT = bytes(
  '000200000008000000020000010000000000000000000000040000000400000000000000ffffffffffffffffffffffffffffffff0000000000000000000080bf000080bf000080bf000080bf00000000000080bf00000000000000000000000000000000000000000100000001000000000000000000000000000000000000000001010101000000000000000000000000000000000000000000000000000000',
);

describe('a library is known by its defaults', () => {
  test('that of @fugood/llama.node 1.7.15, and no mixture of two', () => {
    expect(layoutOf(OTHER_MODEL, OTHER_CONTEXT)?.name).toBe('@fugood/llama.node 1.7.15');
    expect(layoutOf(MODEL, OTHER_CONTEXT)).toBeUndefined();
    expect(layoutOf(OTHER_MODEL, CONTEXT)).toBeUndefined();
  });

  test('that of v0.5.0', () => {
    expect(layoutOf(MODEL, CONTEXT)?.name).toBe('llama.cpp v0.5.0');
    expect(knownLayouts()).toContain('llama.cpp v0.5.0');
  });

  test.each([
    ['llama_model_params', [36, 37, 38, 39, 78, 79], (changed: Uint8Array) => layoutOf(changed, CONTEXT), MODEL, 80],
    ['llama_context_params', [134, 135], (changed: Uint8Array) => layoutOf(MODEL, changed), CONTEXT, 160],
    ['an earlier model', [70, 71], (changed: Uint8Array) => layoutOf(changed, OTHER_CONTEXT), OTHER_MODEL, 72],
    [
      'an earlier context',
      [84, 85, 86, 87, 134, 135],
      (changed: Uint8Array) => layoutOf(OTHER_MODEL, changed),
      OTHER_CONTEXT,
      160,
    ],
  ] as const)(
    'by every byte of %s but those between its fields, which hold anything',
    (_, between, ask, defaults, size) => {
      const free: number[] = [];
      for (let at = 0; at < size; at++) {
        const changed = Uint8Array.from(defaults);
        changed[at] = (changed[at] as number) ^ 1;
        if (ask(changed)) free.push(at);
      }
      expect(free).toEqual(between);
      const behind = Uint8Array.from(defaults);
      behind[size] = 1;
      expect(ask(behind)).toBeDefined();
    },
  );
});

test.each([
  [MODEL, CONTEXT],
  [OTHER_MODEL, OTHER_CONTEXT],
])('the fields written do not overlap, and lie within their struct', (model, context) => {
  const layout = layoutOf(model, context);
  for (const {size, offsets} of layout ? [layout.modelParams, layout.contextParams] : []) {
    const places = Object.values(offsets);
    expect(new Set(places).size).toBe(places.length);
    expect(places.every((place) => place < size)).toBe(true);
  }
});
