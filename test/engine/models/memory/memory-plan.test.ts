import fc from 'fast-check';
import {expect, test} from 'vitest';
import type {ModelShape} from '../../../../src/engine/gguf/model-shape.ts';
import {kvBytesPerValue} from '../../../../src/engine/models/memory/kv-types.ts';
import {type MemoryPlan, type PlannedModel, planMemory} from '../../../../src/engine/models/memory/memory-plan.ts';

const GB = 1e9;

function shape(layers: number, kvHeads: number, headLength: number, context: number): ModelShape {
  return {
    architecture: 'llama',
    layers,
    embedding: 4096,
    feedForward: 14_336,
    vocabulary: 32_768,
    context,
    usableContext: context,
    heads: 32,
    kvHeads: Array<number>(layers).fill(kvHeads),
    keyLength: headLength,
    valueLength: headLength,
    latent: false,
    stateValues: 0,
    experts: 0,
    expertsUsed: 0,
  };
}

/** Mistral 7B as Q4_K_M: 4.37 GB. */
const sevenB: PlannedModel = {
  shape: shape(32, 8, 128, 32_768),
  bytes: 4.37 * GB,
  layerBytes: 0.13 * GB,
  outputBytes: 0.11 * GB,
};
const room = (ram: number, vram = 0, shared = false) => ({ram: ram * GB, vram: vram * GB, shared});
const short = (plan: MemoryPlan | undefined) => plan && [plan.contextSize, plan.kvType, plan.gpuLayers];

test.each([
  ['plenty of RAM', room(16), [8192, 'F16', 0]],
  ['just enough with a cache of half the size', room(5.5), [8192, 'Q8_0', 0]],
  ['less', room(5.13), [4096, 'F16', 0]],
  ['hardly enough', room(4.73), [2048, 'Q8_0', 0]],
  ['too little', room(4), undefined],
  ['a large GPU', room(16, 24), [8192, 'F16', 33]],
  ['a GPU that holds it all with a smaller cache', room(16, 5.35), [8192, 'Q8_0', 33]],
  ['a small GPU', room(16, 3), [8192, 'F16', 17]],
  ['a GPU too small for one layer', room(16, 0.2), [8192, 'F16', 0]],
  ['a GPU that shares the memory', room(12, 8, true), [8192, 'F16', 33]],
  ['shared memory for half of what both sides need', room(4, 4, true), undefined],
])('7B with %s', (_, space, expected) => {
  expect(short(planMemory(sevenB, {slots: 1}, space))).toEqual(expected);
});

test('what is asked for stays, and the rest is fitted to it', () => {
  const fitted = (wish: object, space = room(16, 6)) => short(planMemory(sevenB, {slots: 1, ...wish}, space));
  expect(fitted({contextSize: 32_768}, room(7))).toEqual([32_768, 'Q8_0', 0]);
  expect(fitted({contextSize: 32_768, kvType: 'F16'}, room(7))).toBeUndefined();
  expect(fitted({kvType: 'Q4_0'})).toEqual([8192, 'Q4_0', 33]);
  expect(fitted({gpuLayers: 10})).toEqual([8192, 'F16', 10]);
  expect(fitted({gpuLayers: 'max'})).toEqual([8192, 'F16', 33]);
  expect(fitted({gpuLayers: 'max'}, room(16, 3))).toBeUndefined();
});

test('a latent cache is quantised where its one vector is whole blocks', () => {
  const latent = (keyLength: number) => ({
    ...sevenB,
    shape: {...shape(32, 8, keyLength, 32_768), valueLength: 500, latent: true},
  });
  const type = (keyLength: number, ram: number) =>
    planMemory(latent(keyLength), {slots: 1, contextSize: 8192}, room(ram))?.kvType;
  expect([type(320, 8), type(320, 5.5)]).toEqual(['F16', 'Q8_0']);
  expect([type(576, 8), type(576, 6.2)]).toEqual(['F16', 'Q8_0']);
  expect([type(336, 8), type(336, 5.5)]).toEqual(['F16', undefined]);
});

test('what flash attention saves is reckoned where it is off', () => {
  expect(short(planMemory(sevenB, {slots: 1}, room(5.8)))).toEqual([8192, 'F16', 0]);
  expect(short(planMemory(sevenB, {slots: 1, flashAttention: false}, room(5.8)))).toEqual([8192, 'Q8_0', 0]);
});

test('several answers at once take a cache each', () => {
  expect(short(planMemory(sevenB, {slots: 4}, room(9)))).toEqual([8192, 'F16', 0]);
  expect(short(planMemory(sevenB, {slots: 8}, room(9)))).toEqual([4096, 'F16', 0]);
});

test('a cache whose heads are no whole blocks stays F16, a short context whole', () => {
  const odd = {...sevenB, shape: shape(32, 8, 80, 1024)};
  expect(short(planMemory(odd, {slots: 1}, room(4.72)))).toEqual([1024, 'F16', 0]);
});

const models = fc
  .record({
    layers: fc.integer({min: 1, max: 90}),
    kvHeads: fc.integer({min: 1, max: 16}),
    headLength: fc.constantFrom(64, 80, 128),
    context: fc.constantFrom(512, 4096, 8192, 131_072),
    layerBytes: fc.integer({min: 1e6, max: 3e9}),
    outputBytes: fc.integer({min: 1e6, max: 2e9}),
    rest: fc.integer({min: 0, max: 1e9}),
  })
  .map(
    ({layers, kvHeads, headLength, context, layerBytes, outputBytes, rest}): PlannedModel => ({
      shape: shape(layers, kvHeads, headLength, context),
      bytes: layers * layerBytes + outputBytes + rest,
      layerBytes,
      outputBytes,
    }),
  );
const wishes = fc.record({
  slots: fc.integer({min: 1, max: 8}),
  contextSize: fc.option(fc.integer({min: 1, max: 200_000}), {nil: undefined}),
  kvType: fc.option(fc.constantFrom('F16' as const, 'Q8_0' as const, 'Q4_0' as const), {nil: undefined}),
  gpuLayers: fc.option(fc.oneof(fc.integer({min: 0, max: 100}), fc.constant('max' as const)), {nil: undefined}),
});
const rooms = fc.record({
  ram: fc.integer({min: 0, max: 4e11}),
  vram: fc.oneof(fc.constant(0), fc.integer({min: 0, max: 2e11})),
  shared: fc.boolean(),
});

test('no plan takes more than there is, counted from the sizes of the parts', () => {
  fc.assert(
    fc.property(models, wishes, rooms, (model, wish, space) => {
      const plan = planMemory(model, wish, space);
      if (plan === undefined) return;
      const {layers, kvHeads, keyLength} = model.shape;
      const blocks = Math.min(plan.gpuLayers, layers);
      const perLayer = 2 * (kvHeads[0] ?? 0) * keyLength * kvBytesPerValue(plan.kvType) * plan.contextSize * wish.slots;
      const output = plan.gpuLayers > layers ? model.outputBytes : 0;
      const there = blocks * (model.layerBytes + perLayer) + output;
      const here = model.bytes - blocks * model.layerBytes - output + (layers - blocks) * perLayer;
      // Sums of the same numbers in another order: off by rounding alone.
      const slack = 1024;
      expect(there).toBeLessThanOrEqual(space.vram + slack);
      expect(here).toBeLessThanOrEqual(space.ram + slack);
      if (space.shared) expect(here + there).toBeLessThanOrEqual(space.ram + slack);
      if (wish.contextSize !== undefined) expect(plan.contextSize).toBe(wish.contextSize);
      if (wish.kvType !== undefined) expect(plan.kvType).toBe(wish.kvType);
    }),
  );
});

test('more memory never gives a worse plan', () => {
  const extra = fc.record({ram: fc.integer({min: 0, max: 1e11}), vram: fc.integer({min: 0, max: 1e11})});
  /** Better is larger, first things first: all on the GPU, the context, the exactness of its cache, the layers there. */
  const worth = (model: PlannedModel, plan: MemoryPlan) => [
    Number(plan.gpuLayers > model.shape.layers),
    plan.contextSize,
    kvBytesPerValue(plan.kvType),
    plan.gpuLayers,
  ];
  fc.assert(
    fc.property(models, wishes, rooms, extra, (model, wish, space, more) => {
      const before = planMemory(model, wish, space);
      if (before === undefined) return;
      const after = planMemory(model, wish, {...space, ram: space.ram + more.ram, vram: space.vram + more.vram});
      expect(after).toBeDefined();
      const [was, is] = [worth(model, before), worth(model, after as MemoryPlan)];
      const different = was.findIndex((value, i) => value !== is[i]);
      if (different >= 0) expect(is[different]).toBeGreaterThan(was[different] as number);
    }),
  );
});
