// What the routes share: the backend and its state, the slots, and one way to run a generation for a request.
import type {FastifyReply} from 'fastify';
import {EngineError} from '../base/errors.ts';
import type {Backend, GenerationEvent} from '../engine/contract/backend.ts';
import {chosenSampling, type SamplingChoice, type SamplingParams} from '../engine/contract/sampling.ts';
import {Admission, type AdmissionOptions, type HeldSlot} from './admission.ts';
import {EngineWatch} from './engine-watch.ts';
import {type Answering, cacheOwner, requestBackend} from './http/request-backend.ts';
import {HttpError, toHttpError} from './http-error.ts';
import {Metrics} from './metrics.ts';
import {ReplyStream, type StreamOptions} from './reply/event-stream.ts';
import {tell} from './reply/told.ts';

export interface ServiceOptions extends AdmissionOptions, StreamOptions {
  /** Other names the model answers to in /v1/models. */
  readonly aliases: readonly string[];
  /** Kept prompts are used for everybody, whatever key they came with. */
  readonly shareCache?: boolean;
  /** Tokens of an answer at most, whatever is asked for. */
  readonly capTokens?: number | undefined;
  /** Answers to one request at most; default 8. */
  readonly maxChoices?: number;
  /** The version of the program, which is a part of the fingerprint of its answers. */
  readonly build?: string;
  /** For requests that set none. */
  readonly sampling: SamplingChoice;
  /** For /v1/engines/completions, whose original had its own. */
  readonly seedDefaults: {readonly temperature: number; readonly maxTokens: number};
}

/** What a route gets while it holds a slot. */
export interface RunningRequest {
  readonly backend: Answering;
  readonly slot: HeldSlot;
  /** Aborts when the client is gone or the server is stopped for good. */
  readonly signal: AbortSignal;
  /** Counts the events of a generation, and throws the reason when the server or the client aborted it. */
  watch(events: AsyncIterable<GenerationEvent>): AsyncIterable<GenerationEvent>;
}

async function* unlessAborted(events: AsyncIterable<GenerationEvent>, signal: AbortSignal) {
  for await (const event of events) {
    if (event.type === 'finish' && event.reason === 'aborted') signal.throwIfAborted();
    yield event;
  }
}

/** Each may fill a whole context. */
const MAX_CHOICES = 8;

export class Service {
  readonly options: ServiceOptions;
  readonly admission: Admission;
  readonly metrics: Metrics;
  /** Unix time in seconds. */
  readonly started = Math.floor(Date.now() / 1000);
  /** Requests that have come and are not answered to the last byte. */
  inFlight = 0;
  /** Resolves when the engine has broken down for good. */
  readonly dead: Promise<EngineError>;
  readonly #running = new Set<AbortController>();
  #backend: Backend | undefined;
  #engine: EngineWatch | undefined;
  #stall: EngineError | undefined;
  #draining = false;

  constructor(backend: Promise<Backend>, options: ServiceOptions) {
    this.options = options;
    this.admission = new Admission(options);
    this.metrics = new Metrics(this.admission);
    // Whoever made the promise handles its failure; here the model just never becomes ready.
    this.dead = new Promise((resolve) => {
      backend.then(
        (loaded) => {
          this.#backend = loaded;
          this.#engine = new EngineWatch(loaded, {onDead: resolve});
        },
        () => {},
      );
    });
  }

  /** What holds for a request that says nothing, with the model's own recommendation once it is loaded. */
  get defaults(): SamplingParams {
    return chosenSampling(this.options.sampling, this.#backend?.model.sampling);
  }

  /** @throws EngineError `invalid_request` for more answers than one request may have; `param` is where it asks for them. */
  checkChoices(count: number, param: string): void {
    const {maxChoices = MAX_CHOICES} = this.options;
    if (count <= maxChoices) return;
    throw new EngineError(
      'invalid_request',
      `'${param}' asks for ${count} answers; one request has at most ${maxChoices}`,
      {
        param,
      },
    );
  }

  get state(): 'loading' | 'ready' | 'failed' | 'draining' {
    if (this.#draining) return 'draining';
    if (this.#failure) return 'failed';
    return this.#backend ? 'ready' : 'loading';
  }

  /** @throws HttpError 503 while the model loads, the engine is down or the server drains. */
  get backend(): Backend {
    if (this.#draining) throw new HttpError(503, 'the server is shutting down', {code: 'draining', retryAfter: 5});
    if (!this.#backend) throw new HttpError(503, 'the model is still loading', {code: 'loading', retryAfter: 2});
    const failure = this.#failure;
    if (failure) throw new HttpError(503, failure.message, {code: failure.code, retryAfter: 2});
    return this.#backend;
  }

  /** Waits for a slot, runs `use` in it, and frees it whatever happens. Leaves when the client does. */
  async run<Result>(
    reply: FastifyReply,
    use: (run: RunningRequest) => Promise<Result>,
    wantedSlot?: number,
  ): Promise<Result> {
    const owner = this.options.shareCache ? undefined : cacheOwner(reply.request);
    const {capTokens} = this.options;
    const onCapped = (cap: number) => tell(reply, `an answer has at most ${cap} tokens here`);
    const backend = requestBackend(this.backend, {owner, capTokens, onCapped});
    const controller = new AbortController();
    const {signal} = controller;
    // Node 20: the request's close fires as soon as its body is read, so the response's is taken.
    const onClose = () => reply.raw.writableFinished || controller.abort(new HttpError(499, 'the client left'));
    reply.raw.once('close', onClose);
    if (reply.raw.destroyed) onClose();
    this.#running.add(controller);
    try {
      const slot = await this.admission.enter(signal, wantedSlot);
      try {
        return await use({backend, slot, signal, watch: (events) => unlessAborted(this.#watch(events), signal)});
      } finally {
        slot.release();
      }
    } finally {
      reply.raw.off('close', onClose);
      this.#running.delete(controller);
    }
  }

  #watch(events: AsyncIterable<GenerationEvent>): AsyncIterable<GenerationEvent> {
    return this.metrics.meter(this.#engine?.guard(events) ?? events);
  }

  /**
   * Runs `use` with an open stream to the client. A failure before the stream opened is thrown, so that it gets a
   * status of its own; a later one becomes the last event, and nothing follows it.
   */
  async stream(
    reply: FastifyReply,
    contentType: string,
    use: (run: RunningRequest, stream: ReplyStream) => Promise<void>,
    onFailure: (stream: ReplyStream, error: unknown) => Promise<void>,
    wantedSlot?: number,
  ): Promise<FastifyReply> {
    const stream = new ReplyStream(reply, contentType, this.options);
    try {
      await this.run(reply, (run) => use(run, stream), wantedSlot);
    } catch (error) {
      if (!stream.isOpen) throw error;
      // Too late for the client, but the log and the metrics read it.
      reply.raw.statusCode = toHttpError(error).status;
      await onFailure(stream, error);
    } finally {
      if (stream.isOpen) stream.end();
    }
    return reply;
  }

  /** Whether a step of the engine takes longer than `seconds`: meanwhile it is taken for broken. */
  stalled(seconds: number | undefined): void {
    const message = `the engine has been busy with one step for more than ${seconds} s`;
    this.#stall = seconds === undefined ? undefined : new EngineError('engine_failed', message);
  }

  get #failure(): EngineError | undefined {
    return this.#engine?.failure ?? this.#stall;
  }

  /** No new generations from now on; those that run may finish. */
  drain(): void {
    this.#draining = true;
  }

  /** Ends what still runs. */
  stop(): void {
    for (const controller of this.#running) {
      controller.abort(new HttpError(503, 'the server was stopped', {code: 'draining', retryAfter: 5}));
    }
  }
}
