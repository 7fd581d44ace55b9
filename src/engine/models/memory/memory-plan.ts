// Decides context length, KV type and GPU layers by what the memory holds. Pure: figures in, figures out.

import type {KvType} from '../../contract/local-engine.ts';
import type {ModelShape} from '../../gguf/model-shape.ts';
import {kvBytes, memoryNeed} from './memory-needs.ts';

/** What of a model takes memory. Bytes are those of its files. */
export interface PlannedModel {
  readonly shape: ModelShape;
  readonly bytes: number;
  /** Of one block, the largest where they differ. */
  readonly layerBytes: number;
  /** Of the output matrix; for tied embeddings those of the embedding, which a GPU gets a copy of. */
  readonly outputBytes: number;
}

/** What the user asked for; what is absent is decided here. */
export interface PlanWish {
  readonly slots: number;
  readonly contextSize?: number | undefined;
  readonly kvType?: KvType | undefined;
  readonly gpuLayers?: number | 'max' | undefined;
  /** Default true. */
  readonly flashAttention?: boolean | undefined;
}

/** Bytes that may be used. */
export interface MemoryRoom {
  readonly ram: number;
  readonly vram: number;
  /** `vram` is a part of `ram`. */
  readonly shared: boolean;
}

export interface MemoryPlan {
  /** Tokens of one slot. */
  readonly contextSize: number;
  readonly kvType: KvType;
  /** Blocks on the GPU; one more than there are blocks when the output is there too. */
  readonly gpuLayers: number;
  /** Bytes of RAM and of GPU memory this takes. */
  readonly ram: number;
  readonly vram: number;
}

/** The context when nobody asks for one: longer ones cost memory from the start. */
const DEFAULT_CONTEXT = 8192;
const SMALLEST_CONTEXT = 2048;
/** Shorter contexts are not worth a whole model on the GPU. */
const SMALLEST_ON_GPU = 4096;
/** A quantised cache is made of blocks of this many values. */
const CACHE_BLOCK = 32;

/**
 * The best choice that fits `room`, undefined when none does. Best is: all on the GPU, then the longest context, then
 * the more exact cache, then most layers on the GPU.
 */
export function planMemory(model: PlannedModel, wish: PlanWish, room: MemoryRoom): MemoryPlan | undefined {
  const all = model.shape.layers + 1;
  const choices = contextsAndTypes(model.shape, wish);
  if (wish.gpuLayers !== undefined) {
    const layers = wish.gpuLayers === 'max' ? all : Math.min(wish.gpuLayers, all);
    return first(choices, (choice) => fitting(planned(model, wish, choice, layers), room));
  }
  const worthAll = choices.filter(
    ({contextSize}) => contextSize >= Math.min(SMALLEST_ON_GPU, choices[0]?.contextSize ?? 0),
  );
  const onGpu = room.vram > 0 ? worthAll : [];
  return (
    first(onGpu, (choice) => fitting(planned(model, wish, choice, all), room)) ??
    first(choices, (choice) => mostLayers(model, wish, choice, room))
  );
}

/** The choice that takes the least memory, whether there is room for it or not. */
export function smallestPlan(model: PlannedModel, wish: PlanWish): MemoryPlan {
  const choices = contextsAndTypes(model.shape, wish);
  const layers = wish.gpuLayers === 'max' ? model.shape.layers + 1 : (wish.gpuLayers ?? 0);
  return planned(model, wish, choices.at(-1) as Choice, layers);
}

interface Choice {
  readonly contextSize: number;
  readonly kvType: KvType;
}

function contextsAndTypes(shape: ModelShape, wish: PlanWish): Choice[] {
  const types: readonly KvType[] = wish.kvType ? [wish.kvType] : canQuantiseCache(shape) ? ['F16', 'Q8_0'] : ['F16'];
  return contexts(shape, wish.contextSize).flatMap((contextSize) => types.map((kvType) => ({contextSize, kvType})));
}

function contexts({usableContext}: ModelShape, wanted: number | undefined): number[] {
  if (wanted !== undefined) return [wanted];
  const list = [Math.min(usableContext, DEFAULT_CONTEXT)];
  for (let next = list[0] as number; next >= 2 * SMALLEST_CONTEXT; ) {
    next = Math.floor(next / 2);
    list.push(next);
  }
  return list;
}

function canQuantiseCache({keyLength, valueLength, latent, heads}: ModelShape): boolean {
  // Latent attention caches no values of their own.
  return heads > 0 && keyLength % CACHE_BLOCK === 0 && (latent || valueLength % CACHE_BLOCK === 0);
}

/** What a choice takes with this many layers on the GPU. */
function planned(
  model: PlannedModel,
  {slots, flashAttention}: PlanWish,
  choice: Choice,
  gpuLayers: number,
): MemoryPlan {
  const {shape, bytes, layerBytes, outputBytes} = model;
  const blocks = Math.min(gpuLayers, shape.layers);
  const isWhole = gpuLayers > shape.layers;
  const weightsThere = Math.min(bytes, blocks * layerBytes + (isWhole ? outputBytes : 0));
  const cache = kvBytes(shape, choice.contextSize, choice.kvType) * slots;
  const cacheThere = shape.layers === 0 ? 0 : (cache * blocks) / shape.layers;
  const {compute} = memoryNeed(shape, 0, choice.contextSize * slots, choice.kvType, {flashAttention});
  return {
    ...choice,
    gpuLayers,
    ram: Math.max(0, bytes - weightsThere) + cache - cacheThere + (isWhole ? 0 : compute),
    vram: weightsThere + cacheThere + (gpuLayers > 0 ? compute : 0),
  };
}

function fitting(plan: MemoryPlan, room: MemoryRoom): MemoryPlan | undefined {
  const ram = room.shared ? plan.ram + plan.vram : plan.ram;
  return ram <= room.ram && plan.vram <= room.vram ? plan : undefined;
}

/** The plan with most layers on the GPU that fits; without a GPU the one with none. */
function mostLayers(model: PlannedModel, wish: PlanWish, choice: Choice, room: MemoryRoom): MemoryPlan | undefined {
  for (let layers = room.vram > 0 ? model.shape.layers + 1 : 0; layers >= 0; layers--) {
    const plan = fitting(planned(model, wish, choice, layers), room);
    if (plan !== undefined) return plan;
  }
  return undefined;
}

function first<T, R>(items: readonly T[], find: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
