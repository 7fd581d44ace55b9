// Opens a GGUF file by llama.cpp's C functions, in a thread of its own. When that thread ends by a fault of the engine, what
// was asked of it fails, and the next request opens the model anew.
import {EngineError} from '../../../base/errors.ts';
import {modelShape} from '../../gguf/model-shape.ts';
import {partPaths} from '../../gguf/size-on-disk.ts';
import {type GpuSpread, spreadOver} from '../../models/memory/gpu-spread.ts';
import {thisMachine} from '../../models/memory/machine.ts';
import {physicalCores} from '../c-api/physical-cores.ts';
import {loadFailure} from '../load-failure.ts';
import {
  defaultThreads,
  type LlamaOptions,
  type LoadPlan,
  missingContext,
  planLoad,
  processorName,
} from '../load-plan.ts';
import type {OpenedModel} from '../opened-model.ts';
import {EngineThread, LoadRefusal} from './engine-thread.ts';
import type {LibraryFacts, ModelFacts, OpenRequest} from './messages.ts';

/** The built program of the thread, also where sources run as they are, as in tests: a thread has not their loader. */
const SCRIPT = new URL(
  import.meta.url.endsWith('.ts') ? '../../../../dist/engine/llama/worker/engine-worker.js' : './engine-worker.js',
  import.meta.url,
);

/** A thread whose library is loaded while the file is read. */
let warm: {readonly library: string | undefined; readonly thread: EngineThread} | undefined;

/** Begins to load the library, the user's own or the one that comes with the program. */
export function warmNative(library: string | undefined): void {
  if (warm?.library !== library || warm?.thread.ended) warm = {library, thread: new EngineThread(SCRIPT, library)};
}

/** @throws EngineError `unsupported` with the reason why the library that comes with the program cannot be called. */
export async function checkNative(): Promise<void> {
  const thread = takeThread(undefined, SCRIPT);
  try {
    await thread.ready;
  } finally {
    await thread.close();
  }
}

function takeThread(library: string | undefined, script: URL): EngineThread {
  const taken = script === SCRIPT && warm?.library === library && !warm?.thread.ended ? warm?.thread : undefined;
  if (taken) warm = undefined;
  return taken ?? new EngineThread(script, library);
}

/**
 * @throws EngineError `unsupported` when the library cannot be used; `out_of_memory` before loading, or with the reason from
 * the library's log; what `options.signal` was aborted with.
 */
export async function openNative(options: LlamaOptions, script = SCRIPT): Promise<OpenedModel> {
  options.signal?.throwIfAborted();
  checkDevice(options);
  const thread = takeThread(options.library, script);
  try {
    const library = await thread.ready;
    const spread = spreadOver(options.gpus ?? {}, options.device === 'off' ? [] : library.gpus);
    for (const note of spread.notes) options.onNote?.(note);
    const {gpus} = spread;
    const vramBytes = gpus.reduce((sum, {freeBytes}) => sum + freeBytes, 0);
    const machine = thisMachine(vramBytes, gpus.length > 0 && gpus.every(({usesRam}) => usesRam));
    const plan = planLoad(options, machine, gpus.length > 0);
    const layers = modelShape(options.file).layers + 1;
    const asked = plan.askedGpuLayers ?? plan.gpuLayers;
    const gpuLayers = gpus.length === 0 ? 0 : asked === 'max' ? layers : Math.min(asked, layers);
    if (spread.line !== undefined && gpuLayers > 0) options.onFit?.(spread.line);
    const threads =
      plan.askedThreads ??
      defaultThreads({
        isAllOnGpu: gpuLayers === layers,
        fileBytes: options.file.fileSize,
        mathCores: physicalCores(),
        parallelism: machine.cores,
      });
    const device =
      gpuLayers === 0
        ? processorName(threads)
        : `${gpus.map(({name}) => name).join(' and ')}, ${gpuLayers}/${layers} layers`;
    const opening = {options, plan, spread, gpuLayers, threads, device, script};
    return new ModelByThread(opening, thread, {library, model: await open(thread, opening, options.signal)});
  } catch (error) {
    await thread.close();
    throw error;
  }
}

/** The library beside the addon that is called here has no GPU. @throws EngineError `unsupported` when one is asked for. */
function checkDevice({device = 'auto', library}: LlamaOptions): void {
  if (library !== undefined || device === 'auto' || device === 'off') return;
  throw new EngineError('unsupported', `--engine native computes on the processor, not with --gpu ${device}`, {
    hint: 'Leave out --engine, or give a llama.cpp library for the GPU with --library.',
  });
}

interface Opening {
  readonly options: LlamaOptions;
  readonly plan: LoadPlan;
  readonly spread: GpuSpread;
  readonly gpuLayers: number;
  readonly threads: number;
  /** For people. */
  readonly device: string;
  /** The program of the thread. */
  readonly script: URL;
}

async function open(
  thread: EngineThread,
  {options, plan, spread, gpuLayers, threads}: Opening,
  signal: AbortSignal | undefined,
): Promise<ModelFacts> {
  const {file, mmap = true, contextSize, loras = [], onProgress, onLog, onThreads} = options;
  const request: OpenRequest = {
    path: file.path,
    mapped: mmap,
    mappedPaths: mmap ? partPaths(file.path) : [],
    gpuLayers,
    // The shipped library has none, and is asked for none.
    gpus: options.library === undefined ? undefined : namedSpread(spread),
    missing: missingContext(file),
    slots: plan.slots,
    contextSize: plan.contextSize,
    limit: contextSize,
    batchSize: plan.batchSize,
    threads,
    kvType: plan.kvType,
    flashAttention: plan.flashAttention,
    loras: loras.map(({path, scale = 1}) => ({path, scale})),
    wantsLog: onLog !== undefined,
  };
  try {
    return await thread.open(request, {onProgress, onLog, onThreads}, signal);
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw error instanceof LoadRefusal ? loadFailure(file.path, error, error.lines) : error;
  }
}

function namedSpread({gpus, mode, split, main}: GpuSpread): NonNullable<OpenRequest['gpus']> {
  return {names: gpus.map(({name}) => name), mode, split, main};
}

class ModelByThread implements OpenedModel {
  readonly contextSize: number;
  readonly slots: number;
  readonly trainedContextSize: number;
  readonly device: string;
  readonly release: string;
  readonly kvType: LoadPlan['kvType'];
  readonly flashAttention: boolean;
  readonly #opening: Opening;
  readonly #ends: ReadonlySet<number>;
  #thread: EngineThread;
  #stopWatching: () => void;
  #reopening: Promise<void> | undefined;
  #isClosed = false;

  constructor(opening: Opening, thread: EngineThread, facts: {library: LibraryFacts; model: ModelFacts}) {
    const {plan, device} = opening;
    this.contextSize = facts.model.contextSize;
    this.slots = plan.slots;
    this.trainedContextSize = facts.model.trainedContextSize;
    this.device = device;
    this.release = facts.library.release;
    this.kvType = plan.kvType;
    this.flashAttention = plan.flashAttention;
    this.#opening = opening;
    this.#ends = new Set(facts.model.endTokens);
    this.#thread = thread;
    this.#stopWatching = this.#watch();
  }

  isEnd(token: number): boolean {
    return this.#ends.has(token);
  }

  async *answer(...[prompt, options, signal]: Parameters<OpenedModel['answer']>): ReturnType<OpenedModel['answer']> {
    const thread = await this.#living();
    if (signal.aborted) return;
    yield* thread.answer(prompt.tokens, options, signal);
  }

  async saveState(...args: Parameters<OpenedModel['saveState']>): Promise<boolean> {
    return (await this.#living()).saveState(...args);
  }

  async loadState(...[path, tokens]: Parameters<OpenedModel['loadState']>): ReturnType<OpenedModel['loadState']> {
    return (await this.#living()).loadState(path, tokens);
  }

  async embed(...[tokens, pooling]: Parameters<EngineThread['embed']>): Promise<Float32Array> {
    return (await this.#living()).embed(tokens, pooling);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stopWatching();
    await this.#reopening?.catch(() => undefined);
    await this.#thread.close();
  }

  /** The thread, started anew when it was lost. @throws EngineError with the reason why it cannot be. */
  async #living(): Promise<EngineThread> {
    if (this.#isClosed) throw new EngineError('backend_failed', 'the model is closed');
    if (this.#thread.ended) {
      this.#reopening ??= this.#reopen().finally(() => {
        this.#reopening = undefined;
      });
      await this.#reopening;
    }
    return this.#thread;
  }

  async #reopen(): Promise<void> {
    const thread = takeThread(this.#opening.options.library, this.#opening.script);
    try {
      await thread.ready;
      // Who waits for an answer is shown no loading: a chat that heard of it again would wait for its end.
      const {onProgress, ...options} = this.#opening.options;
      await open(thread, {...this.#opening, options}, undefined);
    } catch (error) {
      await thread.close();
      throw error;
    }
    this.#stopWatching();
    this.#thread = thread;
    this.#stopWatching = this.#watch();
  }

  #watch(): () => void {
    const {watch} = this.#opening.options;
    return watch ? this.#thread.watch(watch) : () => undefined;
  }
}
