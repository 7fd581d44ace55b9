// One fill-in by a server on this machine, asked for straight away: asking first whether it is there takes half as long again.

import {EngineError} from '../../base/errors.ts';
import {within} from '../../base/signals.ts';
import type {Backend, GenerationEvent} from '../../engine/contract/backend.ts';
import type {FIMRequest} from '../../engine/contract/requests.ts';
import {knownRemote, openRemote, type RemoteOptions} from '../../engine/remote/remote-backend.ts';

/** What a running server tells this user's programs. */
export interface ServerNote {
  readonly url: string;
  /** The model's file. */
  readonly model: string;
  /** What the server calls it. */
  readonly id: string;
  /** Tokens an answer and its prompt may have together. */
  readonly contextSize?: number;
  /** Lets this user's programs in; made for each run, and readable by this user alone. */
  readonly key?: string;
}

/** A server that is there answers at once; one that hangs is not waited for. */
export const ANSWER_MS = 1000;

/** How the server of a note is reached. */
export function access({url, key}: ServerNote): RemoteOptions {
  // Not the global `performance`: Node would load a module for it.
  const now = () => Number(process.hrtime.bigint() / 1000n) / 1000;
  // On this machine: no proxy has a part in it.
  return {url: `${url}/v1`, env: {}, retries: 0, now, ...(key !== undefined && {apiKey: key})};
}

/** Faults of the request itself: another server would find them too. */
const OF_THE_REQUEST = ['usage', 'invalid_request', 'unsupported', 'context_length_exceeded'];

export interface Patience {
  /** With the answer, before the server is asked whether it is there. */
  readonly fillInMs: number;
  /** With what it says to that. */
  readonly modelsMs: number;
}

export class AttachedFim implements Pick<Backend, 'fim' | 'model'> {
  readonly #options: RemoteOptions;
  readonly #remote: Backend;
  readonly #patience: Patience;

  constructor(note: ServerNote, patience: Patience = {fillInMs: ANSWER_MS, modelsMs: ANSWER_MS}) {
    const {id, contextSize} = note;
    this.#options = access(note);
    this.#remote = knownRemote(this.#options, {
      id,
      ...(contextSize !== undefined && {max_context_length: contextSize}),
    });
    this.#patience = patience;
  }

  get model(): Backend['model'] {
    return this.#remote.model;
  }

  /**
   * As the Backend's. @throws EngineError `backend_unreachable`, always before the first text, when the server is gone,
   * hangs, or is another one than the note says: then the model is to be opened instead.
   */
  async *fim(request: FIMRequest, signal: AbortSignal): AsyncGenerator<GenerationEvent> {
    const gone = new AbortController();
    const look = async () => (await this.#isThere(signal)) || gone.abort();
    const watch = setTimeout(look, this.#patience.fillInMs);
    let answered = false;
    try {
      for await (const event of this.#remote.fim(request, AbortSignal.any([signal, gone.signal]))) {
        if (gone.signal.aborted) throw new Error('it hangs');
        answered ||= event.type !== 'prompt';
        if (answered) clearTimeout(watch);
        yield event;
      }
    } catch (error) {
      throw answered || concernsRequest(error)
        ? error
        : new EngineError('backend_unreachable', 'the running server does not answer', {cause: error});
    } finally {
      clearTimeout(watch);
    }
  }

  /** True for a server that only takes its time, with a long prompt or others before it. */
  async #isThere(stop: AbortSignal): Promise<boolean> {
    const limits = {of: [stop], ms: this.#patience.modelsMs};
    return await within(limits, (signal) => openRemote({...this.#options, signal})).then(
      () => true,
      () => false,
    );
  }
}

/** Also a queue that is full: opening the model a second time would not make the machine less busy. */
function concernsRequest(error: unknown): boolean {
  return error instanceof EngineError && (OF_THE_REQUEST.includes(error.code) || error.remote?.status === 429);
}
