// The life of the models of one server: loaded one at a time when they are asked for, ended when nobody asks or room is needed.
import {formatBytes} from '../../base/units.ts';
import {HttpError, toHttpError} from '../http-error.ts';

/** A model that is open in a process of its own. */
export interface RunningModel {
  /** Resolves when the process is over, whatever it ended of. */
  readonly over: Promise<void>;
  /** Has the process end, by force where it must; `over` resolves then. */
  end(): void;
}

export interface PooledModel {
  readonly id: string;
  /** Memory that it takes when it is loaded: weights, contexts and work buffers. */
  readonly bytes: number;
}

export interface PoolOptions<Running extends RunningModel> {
  readonly models: readonly PooledModel[];
  /** Bytes that all loaded models may take together. */
  readonly budget: number;
  /** For how long a model stays behind its last answer, in milliseconds, where no request has said otherwise. */
  readonly keepAliveMs: number;
  /** Requests that may wait for one model. */
  readonly maxWaiting: number;
  /** How long a model that could not be loaded is not tried again. Default 10 s. */
  readonly retryMs?: number;
  /** Loads a model. It rejects with why it could not, or when the signal aborts; then nothing of it runs any more. */
  readonly start: (id: string, signal: AbortSignal) => Promise<Running>;
}

/** llama-server's words. `sleeping`: it was loaded, and will be again with the next request. */
export type ModelState = 'unloaded' | 'loading' | 'loaded' | 'sleeping';

/** The right to use a loaded model: it is not ended before `release`, unless its process ends by itself. */
export interface Lease<Running> {
  readonly running: Running;
  /** Further calls do nothing. */
  release(): void;
}

interface Life<Running> extends PooledModel {
  state: 'unloaded' | 'loading' | 'loaded' | 'ending';
  running: Running | undefined;
  /** Leases that are out. */
  uses: number;
  /** Monotonic time of the last use, in milliseconds. */
  usedAt: number;
  keepAliveMs: number;
  timer: NodeJS.Timeout | undefined;
  /** It ended because nobody used it, or for another one's room. */
  sleeps: boolean;
  /** To be ended when the leases are back. */
  unloads: boolean;
  failure: {readonly error: HttpError; readonly until: number} | undefined;
}

interface Waiting<Running> {
  readonly life: Life<Running>;
  readonly settle: () => void;
  readonly take: (lease: Lease<Running>) => void;
  readonly refuse: (error: unknown) => void;
}

const RETRY_MS = 10_000;
/** The longest time that a timer keeps. */
const MOST_TIMER_MS = 2 ** 31 - 1;

const now = () => performance.now();

export class ModelPool<Running extends RunningModel> {
  readonly #options: PoolOptions<Running>;
  readonly #lives: ReadonlyMap<string, Life<Running>>;
  /** Requests for models that are not there, in the order they came. */
  readonly #line: Waiting<Running>[] = [];
  #loading: Life<Running> | undefined;
  /** Models whose room the first of the line waits for: nobody else gets them until it has it. */
  #leaving: ReadonlySet<Life<Running>> = new Set();
  /** Aborted by `close`. */
  readonly #closing = new AbortController();
  #loaded: Promise<void> = Promise.resolve();

  constructor(options: PoolOptions<Running>) {
    this.#options = options;
    const lives = options.models.map(({id, bytes}): [string, Life<Running>] => [id, this.#newLife(id, bytes)]);
    this.#lives = new Map(lives);
  }

  /** Bytes of what is loaded, being loaded and not quite gone. */
  get usedBytes(): number {
    return this.#bytes(({state}) => state !== 'unloaded');
  }

  /** Requests that wait for a model. */
  get waiting(): number {
    return this.#line.length;
  }

  state(id: string): ModelState {
    const {state, sleeps} = this.#life(id);
    if (state === 'loading' || state === 'loaded') return state;
    return sleeps ? 'sleeping' : 'unloaded';
  }

  /** What runs for the model now, without a right to it. */
  running(id: string): Running | undefined {
    return this.#life(id).running;
  }

  /** Milliseconds until an idle model is unloaded; Infinity where it stays, undefined where it is not loaded. */
  expiresIn(id: string): number | undefined {
    const {state, uses, usedAt, keepAliveMs} = this.#life(id);
    if (state !== 'loaded') return undefined;
    return uses > 0 ? keepAliveMs : Math.max(0, usedAt + keepAliveMs - now());
  }

  /**
   * Waits for the model, loading it where it is not there: one at a time, first come first served. `keepAliveMs` holds from
   * then on for this model.
   * @throws HttpError 400 `model_too_large`, 429 where too many wait, 503 `model_load_failed`; the signal's reason when it aborts.
   */
  async acquire(id: string, signal: AbortSignal, keepAliveMs?: number): Promise<Lease<Running>> {
    signal.throwIfAborted();
    if (this.#isClosed) throw closedError();
    const life = this.#life(id);
    this.#checkSize(life);
    if (keepAliveMs !== undefined) life.keepAliveMs = keepAliveMs;
    if (life.failure && now() < life.failure.until) throw life.failure.error;
    if (life.state === 'loaded' && !this.#leaving.has(life)) return this.#lease(life);
    return await this.#wait(life, signal);
  }

  /** The model if it is loaded, without any effect on how long it stays. */
  borrow(id: string): Lease<Running> | undefined {
    const life = this.#life(id);
    return life.state === 'loaded' ? this.#lease(life, {isQuiet: true}) : undefined;
  }

  /** Ends the model when the requests that run have ended. */
  unload(id: string): void {
    const life = this.#life(id);
    if (life.state !== 'loaded') return;
    life.unloads = true;
    this.#whenIdle(life);
  }

  /** Ends all models; whoever waits is refused. */
  async close(): Promise<void> {
    this.#closing.abort(closedError());
    for (const {settle, refuse} of this.#line.splice(0)) {
      settle();
      refuse(closedError());
    }
    await this.#loaded;
    const all = [...this.#lives.values()];
    for (const life of all) if (life.state === 'loaded') this.#end(life);
    await Promise.all(all.map(({running}) => running?.over));
  }

  get #isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  #newLife(id: string, bytes: number): Life<Running> {
    return {
      id,
      bytes,
      state: 'unloaded',
      running: undefined,
      uses: 0,
      usedAt: 0,
      keepAliveMs: this.#options.keepAliveMs,
      timer: undefined,
      sleeps: false,
      unloads: false,
      failure: undefined,
    };
  }

  #life(id: string): Life<Running> {
    const life = this.#lives.get(id);
    if (life === undefined) throw new Error(`the pool has no model ${id}`);
    return life;
  }

  #bytes(of: (life: Life<Running>) => boolean): number {
    return [...this.#lives.values()].filter(of).reduce((sum, {bytes}) => sum + bytes, 0);
  }

  #checkSize({id, bytes}: PooledModel): void {
    const {budget} = this.#options;
    if (bytes <= budget) return;
    const message = `the model '${id}' needs ${formatBytes(bytes)} of memory, and all models together may have ${formatBytes(budget)}`;
    throw new HttpError(400, message, {code: 'model_too_large', param: 'model'});
  }

  #wait(life: Life<Running>, signal: AbortSignal): Promise<Lease<Running>> {
    const {maxWaiting} = this.#options;
    if (this.#line.filter((one) => one.life === life).length >= maxWaiting) {
      const message = `${maxWaiting} requests wait for the model '${life.id}' already; try again shortly`;
      throw new HttpError(429, message, {code: 'rate_limit_exceeded', retryAfter: 1});
    }
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#line.splice(this.#line.indexOf(waiting), 1);
        waiting.settle();
        reject(signal.reason);
        // What was to make room for it may stay.
        this.#proceed();
      };
      const waiting: Waiting<Running> = {
        life,
        settle: () => signal.removeEventListener('abort', leave),
        take: resolve,
        refuse: reject,
      };
      signal.addEventListener('abort', leave);
      this.#line.push(waiting);
      this.#proceed();
    });
  }

  #lease(life: Life<Running>, {isQuiet = false} = {}): Lease<Running> {
    const running = life.running as Running;
    clearTimeout(life.timer);
    life.uses++;
    if (!isQuiet) life.usedAt = now();
    let isOut = true;
    const release = () => {
      // Of a process that is gone there is nothing left to give back.
      if (isOut && life.running === running) {
        life.uses--;
        if (!isQuiet) life.usedAt = now();
        this.#whenIdle(life);
        this.#proceed();
      }
      isOut = false;
    };
    return {running, release};
  }

  /** Ends an idle model whose time is over, and comes back when it will be. */
  #whenIdle(life: Life<Running>): void {
    clearTimeout(life.timer);
    if (life.state !== 'loaded' || life.uses > 0) return;
    const left = life.usedAt + life.keepAliveMs - now();
    if (life.unloads || left <= 0) this.#end(life, {sleeps: !life.unloads});
    else if (left < Number.POSITIVE_INFINITY)
      life.timer = setTimeout(() => this.#whenIdle(life), Math.min(Math.ceil(left), MOST_TIMER_MS));
  }

  #end(life: Life<Running>, {sleeps = false} = {}): void {
    clearTimeout(life.timer);
    life.state = 'ending';
    life.sleeps = sleeps;
    life.running?.end();
  }

  /** Gives those of the line what is there, and loads for the first of them what is not. */
  #proceed(): void {
    if (this.#isClosed) return;
    let first: Life<Running> | undefined;
    do {
      first = this.#line[0]?.life;
      this.#leaving = this.#victims(first);
      const served = this.#line.filter(({life}) => life.state === 'loaded' && !this.#leaving.has(life));
      for (const one of served) this.#serve(one);
    } while (first !== this.#line[0]?.life);
    if (first === undefined || first.state !== 'unloaded' || this.#loading !== undefined) return;
    for (const life of this.#leaving) if (life.uses === 0) this.#end(life, {sleeps: true});
    if (this.usedBytes + first.bytes <= this.#options.budget) this.#loaded = this.#load(first);
  }

  #serve(waiting: Waiting<Running>): void {
    this.#line.splice(this.#line.indexOf(waiting), 1);
    waiting.settle();
    waiting.take(this.#lease(waiting.life));
  }

  /**
   * The loaded models that have to go for this one: idle ones first, in either kind those that were not used for longest. A
   * busy one among them gets no new requests, or the first of the line might wait for ever.
   */
  #victims(first: Life<Running> | undefined): ReadonlySet<Life<Running>> {
    if (first?.state !== 'unloaded' || this.#loading !== undefined) return new Set();
    const loaded = [...this.#lives.values()].filter(({state}) => state === 'loaded');
    loaded.sort((a, b) => Number(a.uses > 0) - Number(b.uses > 0) || a.usedAt - b.usedAt);
    let excess = this.#bytes(({state}) => state === 'loaded') + first.bytes - this.#options.budget;
    const victims = new Set<Life<Running>>();
    for (const life of loaded) {
      if (excess <= 0) break;
      victims.add(life);
      excess -= life.bytes;
    }
    return victims;
  }

  async #load(life: Life<Running>): Promise<void> {
    this.#loading = life;
    life.state = 'loading';
    try {
      const running = await this.#options.start(life.id, this.#closing.signal);
      Object.assign(life, {state: 'loaded', running, uses: 0, usedAt: now(), unloads: false, failure: undefined});
      void running.over.then(() => this.#isOver(life, running));
      if (this.#isClosed) this.#end(life);
    } catch (error) {
      life.state = 'unloaded';
      life.sleeps = false;
      this.#failed(life, error);
    }
    this.#loading = undefined;
    this.#proceed();
    this.#whenIdle(life);
  }

  #failed(life: Life<Running>, cause: unknown): void {
    const {retryMs = RETRY_MS} = this.#options;
    const message = `the model '${life.id}' could not be loaded: ${toHttpError(cause).message}`;
    const options = {code: 'model_load_failed', retryAfter: Math.ceil(retryMs / 1000), cause};
    life.failure = {error: new HttpError(503, message, options), until: now() + retryMs};
    const refused = this.#line.filter((one) => one.life === life);
    for (const waiting of refused) {
      this.#line.splice(this.#line.indexOf(waiting), 1);
      waiting.settle();
      waiting.refuse(life.failure.error);
    }
  }

  #isOver(life: Life<Running>, running: Running): void {
    if (life.running !== running) return;
    clearTimeout(life.timer);
    if (life.state === 'loaded') life.sleeps = false;
    Object.assign(life, {state: 'unloaded', running: undefined, uses: 0});
    this.#proceed();
  }
}

function closedError(): HttpError {
  return new HttpError(503, 'the server is shutting down', {code: 'draining', retryAfter: 5});
}
