// Watches the engine behind a server or worker: after a failed step it has to show that it still computes.
import {EngineError} from '../base/errors.ts';
import {unlessStopped, within} from '../base/signals.ts';
import type {Backend, GenerationEvent} from '../engine/contract/backend.ts';
import type {StepWatch} from '../engine/contract/local-engine.ts';

/** How long an engine that has failed may take for one token. */
const PROBE_MS = 10_000;

export interface EngineWatchOptions {
  /** Told once, when the engine does not come back: nothing it is asked will be answered. */
  readonly onDead: (error: EngineError) => void;
  readonly probeMs?: number;
}

/**
 * One rejected step may have had a passing reason (memory that was short for a moment), and the engine starts over
 * with empty slots after it. So a failed engine is asked for one token; it is dead when that fails too or never comes.
 */
export class EngineWatch {
  readonly #backend: Backend;
  readonly #options: EngineWatchOptions;
  #failure: EngineError | undefined;

  constructor(backend: Backend, options: EngineWatchOptions) {
    this.#backend = backend;
    this.#options = options;
  }

  /** What went wrong, from the failed step until the engine computes again; then undefined. */
  get failure(): EngineError | undefined {
    return this.#failure;
  }

  /** Passes the events of a generation on and learns from them. */
  async *guard(events: AsyncIterable<GenerationEvent>): AsyncGenerator<GenerationEvent> {
    try {
      for await (const event of events) {
        if (event.type === 'text') this.#failure = undefined;
        yield event;
      }
    } catch (error) {
      if (error instanceof EngineError && error.code === 'engine_failed') this.#sawFailure(error);
      throw error;
    }
  }

  #sawFailure(error: EngineError): void {
    if (this.#failure) return;
    this.#failure = error;
    void this.#probe(error);
  }

  async #probe(failure: EngineError): Promise<void> {
    const {probeMs = PROBE_MS, onDead} = this.#options;
    // A stuck engine does not hear the signal either, so it is not waited for.
    const answered = await within({of: [], ms: probeMs}, (signal) =>
      unlessStopped(this.#answers(signal), signal),
    ).catch(() => false);
    // Whoever else got a token meanwhile has shown that it lives.
    if (answered) this.#failure = undefined;
    else if (this.#failure === failure) onDead(failure);
  }

  async #answers(signal: AbortSignal): Promise<boolean> {
    try {
      const request = {prompt: 'a', sampling: {maxTokens: 1, temperature: 0}};
      for await (const {type} of this.#backend.complete(request, signal)) if (type === 'finish') return true;
    } catch {
      // Told already, by the failure that led here.
    }
    return false;
  }
}

/** What a step watch writes to. */
interface Log {
  error(figures: object, message: string): void;
  warn(message: string): void;
}

/** A step that hangs is logged, and nothing is asked of the engine until it ends. */
export function stepWatch(
  service: {stalled(seconds: number | undefined): void},
  logger: Log,
  limitMs: number,
): StepWatch {
  const seconds = limitMs / 1000;
  const onStall = (stalled: boolean) => {
    service.stalled(stalled ? seconds : undefined);
    if (stalled) logger.error({seconds}, 'a step of the engine does not end');
    else logger.warn('the engine has recovered');
  };
  return {limitMs, onStall};
}
