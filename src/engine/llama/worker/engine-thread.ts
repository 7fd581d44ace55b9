// The main thread's end of one engine thread: starts it, sends it its answers and hears what they come to.
import {Worker} from 'node:worker_threads';
import {EngineError} from '../../../base/errors.ts';
import {reasonOf} from '../../../base/files/file-error.ts';
import type {GenerateOptions, StateLoad, TokenEvent} from '../../contract/backend.ts';
import type {LogListener, StepWatch} from '../../contract/local-engine.ts';
import type {Token} from '../../contract/prompt.ts';
import {EventQueue} from '../batching/event-queue.ts';
import type {Pooling} from '../c-api/c-embedder.ts';
import type {StateKey} from '../kv-state.ts';
import {GuideSpeaker} from './guide-messages.ts';
import {
  type AnswerNews,
  errorOf,
  type Failure,
  type FromWorker,
  type LibraryFacts,
  type ModelFacts,
  type OpenRequest,
  type ReplyValue,
  type ToWorker,
  type WorkerSetting,
} from './messages.ts';
import {AnswerFlags, SharedFlags} from './shared-flags.ts';
import {watchSteps} from './watch-steps.ts';

/** More slots than any model is opened with: the shared memory is there before it is known how many. */
const MOST_SLOTS = 256;

export interface OpenListeners {
  readonly onProgress?: ((fraction: number) => void) | undefined;
  readonly onLog?: LogListener | undefined;
  readonly onThreads?: ((threads: number) => void) | undefined;
}

/** A model that did not load: why is in the library's log. */
export class LoadRefusal extends Error {
  readonly lines: readonly string[];

  constructor({message}: Failure, lines: readonly string[]) {
    super(message);
    this.lines = lines;
  }
}

/** Who reads an answer, and who guides it. */
interface Reader {
  readonly queue: EventQueue;
  readonly guide: GuideSpeaker | undefined;
  readonly stop: () => void;
}

interface Settle<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

export class EngineThread {
  /** The library is loaded and checked. */
  readonly ready: Promise<LibraryFacts>;
  readonly #worker: Worker;
  readonly #flags = new SharedFlags(MOST_SLOTS);
  readonly #readers = new Map<number, Reader>();
  readonly #calls = new Map<number, Settle<ReplyValue>>();
  readonly #listeners = {} as {-readonly [Name in keyof OpenListeners]: OpenListeners[Name]};
  #ready: Settle<LibraryFacts> | undefined;
  #opening: Settle<ModelFacts> | undefined;
  #stopOffset: number | undefined;
  #isOpen = false;
  #last = 0;
  #ended: Error | undefined;

  /** `script` is the program of the thread; `library` one of the user's own. */
  constructor(script: URL, library: string | undefined) {
    const setting: WorkerSetting = {shared: this.#flags.memory, library};
    // Flags of the process are for its own program: --input-type, or a loader, would keep this one from starting.
    this.#worker = new Worker(script, {workerData: setting, execArgv: []});
    this.ready = new Promise((resolve, reject) => {
      this.#ready = {resolve, reject};
    });
    // Whoever asks for it is told; nobody has to.
    this.ready.catch(() => undefined);
    this.#worker.on('message', (message: FromWorker) => this.#take(message));
    this.#worker.on('error', (error) => this.#end(this.#ready ? unstartable(error) : crashed(reasonOf(error))));
    this.#worker.on('exit', () => this.#end(crashed('nothing was said of why')));
    this.#hold();
  }

  /** Why nothing can be asked of it any more. */
  get ended(): Error | undefined {
    return this.#ended;
  }

  /** @throws LoadRefusal when the library does not take the model; the signal ends loading in the same way. */
  async open(request: OpenRequest, listeners: OpenListeners, signal: AbortSignal | undefined): Promise<ModelFacts> {
    this.#listeners.onProgress = listeners.onProgress;
    this.#listeners.onLog = listeners.onLog;
    this.#listeners.onThreads = listeners.onThreads;
    const stop = () => this.#flags.endLoading();
    signal?.addEventListener('abort', stop, {once: true});
    try {
      return await this.#asking<ModelFacts>((settle) => {
        this.#opening = settle;
        this.#send({type: 'open', request});
      });
    } finally {
      this.#opening = undefined;
      signal?.removeEventListener('abort', stop);
    }
  }

  async *answer(tokens: readonly Token[], options: GenerateOptions, signal: AbortSignal): AsyncIterable<TokenEvent> {
    if (this.#ended) throw this.#ended;
    const id = ++this.#last;
    const flags = new AnswerFlags();
    const queue = new EventQueue(() => {
      flags.countRead();
      this.#wakeIfAsleep();
    });
    const stop = () => {
      flags.cancel();
      queue.cancel();
      this.#stopStepOf(id);
      this.#wakeIfAsleep();
    };
    const {guide: asked, ...plain} = options;
    const guide = asked && new GuideSpeaker(asked);
    this.#readers.set(id, {queue, guide, stop});
    this.#hold();
    signal.addEventListener('abort', stop, {once: true});
    try {
      this.#send({type: 'submit', id, tokens, options: plain, guide: guide?.begin(), flags: flags.memory});
      yield* queue.events();
    } finally {
      signal.removeEventListener('abort', stop);
      if (!queue.over) stop();
      this.#readers.delete(id);
      this.#hold();
    }
  }

  /** Tells of steps that hang; what it returns ends that. */
  watch(watch: StepWatch): () => void {
    return watchSteps(() => this.#flags.step, watch);
  }

  saveState(path: string, key: StateKey): Promise<boolean> {
    return this.#call((call) => ({type: 'save', call, path, key})) as Promise<boolean>;
  }

  loadState(path: string, tokens: readonly Token[]): Promise<StateLoad> {
    return this.#call((call) => ({type: 'load', call, path, tokens})) as Promise<StateLoad>;
  }

  /** The pooled states of the tokens, in the model's own scale. */
  embed(tokens: readonly Token[], pooling: Pooling): Promise<Float32Array> {
    return this.#call((call) => ({type: 'embed', call, tokens, pooling})) as Promise<Float32Array>;
  }

  /** Fails what runs, frees the model and ends the thread. */
  async close(): Promise<void> {
    if (this.#isOpen && !this.#ended) {
      for (const id of this.#readers.keys()) this.#stopStepOf(id);
      await this.#call((call) => ({type: 'close', call})).catch(() => undefined);
    }
    this.#ended ??= closedError();
    await this.#worker.terminate();
  }

  #call(message: (call: number) => ToWorker): Promise<ReplyValue> {
    const call = ++this.#last;
    return this.#asking<ReplyValue>((settle) => {
      this.#calls.set(call, settle);
      this.#send(message(call));
    }).finally(() => {
      this.#calls.delete(call);
      this.#hold();
    });
  }

  #asking<T>(ask: (settle: Settle<T>) => void): Promise<T> {
    if (this.#ended) return Promise.reject(this.#ended);
    const asked = new Promise<T>((resolve, reject) => ask({resolve, reject}));
    this.#hold();
    return asked;
  }

  /** The process lives as long as somebody waits for the thread, and no longer. */
  #hold(): void {
    const isAwaited = this.#ready ?? this.#opening ?? (this.#readers.size > 0 || this.#calls.size > 0);
    if (isAwaited) this.#worker.ref();
    else this.#worker.unref();
  }

  #send(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  #wakeIfAsleep(): void {
    if (this.#flags.takeSleep()) this.#send({type: 'wake'});
  }

  #stopStepOf(id: number): void {
    if (this.#stopOffset === undefined || !this.#flags.isBreakableFor(id)) return;
    new Uint8Array(this.#flags.memory)[this.#stopOffset] = 1;
  }

  #take(message: FromWorker): void {
    switch (message.type) {
      case 'news':
        for (const [id, news] of message.news) this.#tell(id, news);
        break;
      case 'ready':
        this.#stopOffset = message.facts.stopOffset;
        this.#ready?.resolve(message.facts);
        this.#ready = undefined;
        this.#hold();
        break;
      case 'progress':
        this.#listeners.onProgress?.(message.fraction);
        break;
      case 'log':
        this.#listeners.onLog?.(message.level, message.text);
        break;
      case 'threads':
        this.#listeners.onThreads?.(message.threads);
        break;
      case 'opened':
        this.#isOpen = true;
        this.#opening?.resolve(message.facts);
        break;
      case 'refused':
        this.#refuse(message.failure, message.lines);
        break;
      case 'reply': {
        const settle = this.#calls.get(message.call);
        if (message.failure) settle?.reject(errorOf(message.failure));
        else settle?.resolve(message.value ?? false);
      }
    }
  }

  #tell(id: number, news: AnswerNews): void {
    const reader = this.#readers.get(id);
    if (!reader) return;
    const {queue} = reader;
    if (news.type === 'end') queue.end();
    else if (news.type === 'failed') queue.fail(errorOf(news.failure));
    else {
      queue.push(news);
      if (news.type === 'token') this.#guide(id, news.token, reader);
    }
  }

  #guide(id: number, token: Token, {guide, queue, stop}: Reader): void {
    try {
      const word = guide?.take(token);
      if (word) this.#send({type: 'guide', id, word});
    } catch (error) {
      queue.fail(error);
      stop();
    }
  }

  #refuse(failure: Failure, lines: readonly string[]): void {
    const error = failure.code === undefined ? new LoadRefusal(failure, lines) : errorOf(failure);
    this.#ended ??= error;
    this.#opening?.reject(error);
    this.#ready?.reject(error);
    this.#ready = undefined;
    this.#hold();
  }

  /** The thread is gone: whoever waits for it is told. */
  #end(error: Error): void {
    this.#ended ??= error;
    this.#ready?.reject(this.#ended);
    this.#ready = undefined;
    this.#opening?.reject(this.#ended);
    for (const settle of this.#calls.values()) settle.reject(this.#ended);
    for (const {queue} of this.#readers.values()) queue.fail(this.#ended);
  }
}

/** Another way may be open then. */
function unstartable(error: unknown): EngineError {
  return new EngineError('unsupported', `the engine's thread does not start: ${reasonOf(error)}`, {
    hint: 'Say --engine addon.',
  });
}

function crashed(why: string): EngineError {
  return new EngineError('engine_failed', `the engine's thread ended: ${why}`, {
    hint: 'Ask again: it is started anew.',
  });
}

function closedError(): EngineError {
  return new EngineError('backend_failed', 'the model was closed while the request was running');
}
