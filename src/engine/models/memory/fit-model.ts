// Fits a model to this machine before it is loaded: the plan with the line that tells it, or why there is none.
import {arch} from 'node:os';
import {EngineError} from '../../../base/errors.ts';
import {formatBytes} from '../../../base/units.ts';
import type {KvType, Machine} from '../../contract/local-engine.ts';
import {modelShape} from '../../gguf/model-shape.ts';
import type {GgufFile} from '../../gguf/read-header.ts';
import {modelBytes} from '../../gguf/size-on-disk.ts';
import {memoryNeed} from './memory-needs.ts';
import {
  type MemoryPlan,
  type MemoryRoom,
  type PlannedModel,
  type PlanWish,
  planMemory,
  smallestPlan,
} from './memory-plan.ts';
import {smallerFiles} from './smaller-files.ts';

export interface Fit {
  readonly plan: MemoryPlan;
  /** What was decided and why, one line; undefined when there was nothing to decide. */
  readonly line: string | undefined;
}

/** Left to the system and to other programs: of all memory this share, at most this much. */
const RESERVED_SHARE = 0.1;
const RESERVED_BYTES = 1e9;
/** Of memory that is free now this much is used: other programs go on living. */
const USABLE_SHARE = 0.95;

/**
 * The plan for a model whose header is read. What is free now decides; where it holds nothing, the smallest choice is
 * taken as long as the machine's whole memory holds it, or, `unchecked`, even then: the system reads weights from the
 * disk again when it has no room to keep them.
 * Throws EngineError out_of_memory with the smaller choices that would fit.
 */
export function fitModel(file: GgufFile, wish: PlanWish, machine: Machine, {unchecked = false} = {}): Fit {
  const model = plannedModel(file);
  const plan = planMemory(model, wish, freeRoom(machine));
  if (plan !== undefined) return {plan, line: tellPlan(model, wish, plan, machine)};
  const smallest = smallestPlan(model, wish);
  const isTooLarge = planMemory(model, asked(wish, smallest), wholeRoom(machine)) === undefined;
  if (isTooLarge && !unchecked) throw tooLarge(file, model, wish, machine);
  const needed = `${formatBytes(smallest.ram + smallest.vram)} are needed and ${formatBytes(machine.freeRamBytes)} free`;
  const why = isTooLarge ? whenTooLarge(file) : 'so it may be slow; close other programs';
  return {plan: smallest, line: `${words(model, smallest)}: ${needed}, ${why}`};
}

/**
 * Types of which llama.cpp's kernels for this processor keep a copy of their own (ggml-cpu/repack.cpp, with AVX2 or
 * NEON): unlike the mapped file, a copy cannot be dropped and read again.
 */
const COPIED: ReadonlySet<string> = new Set([
  ...['Q4_0', 'Q4_K', 'IQ4_NL', 'MXFP4'],
  ...(arch() === 'arm64' ? ['Q5_K', 'Q6_K', 'Q8_0'] : []),
]);

function whenTooLarge({tensors}: GgufFile): string {
  const copied = new Set(tensors.map(({type}) => type).filter((type) => COPIED.has(type)));
  if (copied.size === 0) return 'so weights come from the disk again and again';
  const types = [...copied].join(' and ');
  return `and a copy of the ${types} weights has to stay in memory: the system may end this program`;
}

const asked = ({slots, flashAttention}: PlanWish, {contextSize, kvType, gpuLayers}: MemoryPlan): PlanWish => ({
  slots,
  flashAttention,
  contextSize,
  kvType,
  gpuLayers,
});

/** The sizes of a model that its header tells. Of a split model the layers are taken as equal. */
export function plannedModel(file: GgufFile): PlannedModel {
  const shape = modelShape(file);
  const bytes = modelBytes(file);
  const sizes = new Map<string, number>();
  for (const {name, bytes: size = 0} of file.tensors) {
    const part = /^blk\.\d+\./.exec(name)?.[0] ?? name;
    sizes.set(part, (sizes.get(part) ?? 0) + size);
  }
  const layers = [...sizes].filter(([part]) => part.startsWith('blk.')).map(([, size]) => size);
  const isWhole = layers.length === shape.layers;
  const layerBytes = isWhole ? Math.max(0, ...layers) : bytes / Math.max(1, shape.layers);
  return {shape, bytes, layerBytes, outputBytes: sizes.get('output.weight') ?? sizes.get('token_embd.weight') ?? 0};
}

function freeRoom({freeRamBytes, vramBytes, vramIsRam = false}: Machine): MemoryRoom {
  return {ram: USABLE_SHARE * freeRamBytes, vram: USABLE_SHARE * vramBytes, shared: vramIsRam};
}

function wholeRoom({ramBytes, vramBytes, vramIsRam = false}: Machine): MemoryRoom {
  const reserved = Math.min(RESERVED_BYTES, RESERVED_SHARE * ramBytes);
  return {ram: ramBytes - reserved, vram: USABLE_SHARE * vramBytes, shared: vramIsRam};
}

function tellPlan(model: PlannedModel, wish: PlanWish, plan: MemoryPlan, machine: Machine): string | undefined {
  const hasGpu = machine.vramBytes > 0;
  const decided =
    (wish.contextSize === undefined && plan.contextSize !== model.shape.usableContext) ||
    (wish.kvType === undefined && plan.kvType !== 'F16') ||
    (wish.gpuLayers === undefined && hasGpu);
  if (!decided) return undefined;
  const flags = [
    ...(wish.contextSize === undefined ? ['--ctx'] : []),
    ...(wish.kvType === undefined ? ['--kv-type'] : []),
    ...(wish.gpuLayers === undefined && hasGpu ? ['--gpu-layers'] : []),
  ];
  const room = [`${formatBytes(plan.ram)} of ${formatBytes(machine.freeRamBytes)}`];
  if (plan.vram > 0) room.unshift(`${formatBytes(plan.vram)} of the GPU's ${formatBytes(machine.vramBytes)}`);
  return `${words(model, plan)}: ${room.join(', ')}; change it with ${flags.join(', ')}`;
}

function words({shape}: PlannedModel, {contextSize, kvType, gpuLayers}: MemoryPlan): string {
  const {usableContext: trained} = shape;
  const context = contextSize === trained ? `${contextSize}` : `${contextSize} of ${trained}`;
  const place = gpuLayers > shape.layers ? 'all on the GPU' : `${gpuLayers} of ${shape.layers} layers on the GPU`;
  return [`context ${context} tokens`, `${kvType} cache`, ...(gpuLayers > 0 ? [place] : [])].join(', ');
}

/** Contexts that are offered in place of one that is too long. */
const CONTEXTS = [131_072, 65_536, 32_768, 16_384, 8192, 4096, 2048, 1024, 512];

function tooLarge(file: GgufFile, model: PlannedModel, wish: PlanWish, machine: Machine): EngineError {
  const {contextSize, kvType} = smallestPlan(model, wish);
  const {kv, compute} = memoryNeed(model.shape, 0, contextSize, kvType, wish);
  const cache = kv * wish.slots;
  const parts = `weights ${formatBytes(model.bytes)}, context of ${contextSize} tokens ${formatBytes(cache)}`;
  const needed = formatBytes(model.bytes + cache + compute);
  const slots = wish.slots === 1 ? '' : ` for each of ${wish.slots} answers at once`;
  const there = formatBytes(machine.ramBytes + (machine.vramIsRam ? 0 : machine.vramBytes));
  const fits = (contextSize: number, kvType: KvType, bytes = model.bytes) =>
    planMemory({...model, bytes}, {...wish, contextSize, kvType, gpuLayers: undefined}, wholeRoom(machine)) !==
    undefined;
  const choices = [
    ...contextChoices(wish, contextSize, kvType, fits),
    ...smallerFiles(file, model, (bytes) => fits(Math.min(contextSize, 2048), 'Q8_0', bytes)),
  ];
  return new EngineError(
    'out_of_memory',
    `${file.path} needs ${needed} (${parts}${slots}), ${machine.limitedBy === undefined ? 'this machine has' : `${machine.limitedBy} leaves`} ${there}`,
    {
      hint: `${
        choices.length > 0
          ? `What would fit: ${choices.join('; ')}`
          : 'A smaller model would fit: see mistral pull --help'
      }. --no-memory-check loads it all the same.`,
    },
  );
}

/** Flags with which the same file fits: a shorter context, and with a cache of half the size a longer one. */
function contextChoices(
  wish: PlanWish,
  contextSize: number,
  kvType: KvType,
  fits: (contextSize: number, kvType: KvType) => boolean,
): string[] {
  const longest = (type: KvType) => [contextSize, ...CONTEXTS].find((size) => size <= contextSize && fits(size, type));
  const plain = longest(kvType);
  const halved = wish.kvType === undefined || kvType === 'F16' ? longest('Q8_0') : undefined;
  const choices = plain === undefined ? [] : [`--ctx ${plain}`];
  if (halved !== undefined && halved > (plain ?? 0)) choices.push(`--kv-type Q8_0 --ctx ${halved}`);
  return choices;
}
