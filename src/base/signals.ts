// Stop signals and time limits: several of them as one, and waiting that they end.

export interface Limits {
  /** Any of these ends the work, with its reason. */
  readonly of: readonly (AbortSignal | undefined)[];
  /** Milliseconds until the signal aborts with a `TimeoutError`; without it, no limit of time. */
  readonly ms?: number;
}

/** Aborts the work's own signal, and none of those it was made of. */
export type Abort = (reason?: unknown) => void;

/** The outcome of `work`, whose signal aborts with any of the limits; when it is over, nothing is left behind. */
export async function within<T>(limits: Limits, work: (signal: AbortSignal, abort: Abort) => Promise<T>): Promise<T> {
  const linked = link(limits);
  try {
    return await work(linked.signal, linked.abort);
  } finally {
    linked.release();
  }
}

/** As `within`, for a stream. A reader that leaves early aborts the signal too, so that nothing goes on unread. */
export async function* streamWithin<T>(
  limits: Limits,
  open: (signal: AbortSignal, abort: Abort) => AsyncIterable<T>,
): AsyncGenerator<T, void, undefined> {
  const linked = link(limits);
  try {
    yield* open(linked.signal, linked.abort);
  } finally {
    linked.release();
    linked.abort();
  }
}

/**
 * A controller and a timer of its own, and neither `AbortSignal.any` nor `AbortSignal.timeout`: Node 20: it forgets a
 * timeout inside an `any` when it collects garbage (measured on 20.20), and the work then never ends.
 */
function link({of, ms}: Limits): {signal: AbortSignal; abort: Abort; release: () => void} {
  const own = new AbortController();
  const sources = of.filter((source) => source !== undefined);
  const listeners = sources.map((source) => [source, () => own.abort(source.reason)] as const);
  for (const [source, onAbort] of listeners) {
    source.addEventListener('abort', onAbort);
    if (source.aborted) onAbort();
  }
  const late = () => own.abort(new DOMException(`not finished within ${ms} ms`, 'TimeoutError'));
  const timer = ms === undefined || own.signal.aborted ? undefined : setTimeout(late, ms);
  return {
    signal: own.signal,
    abort: (reason) => own.abort(reason),
    release: () => {
      clearTimeout(timer);
      for (const [source, onAbort] of listeners) source.removeEventListener('abort', onAbort);
    },
  };
}

/** The promise's outcome, or the signal's reason as a rejection when that comes first. */
export async function unlessStopped<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let onAbort = () => {};
  const stopped = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, {once: true});
  });
  try {
    return await Promise.race([promise, stopped]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** The items of a stream until the signal aborts; then it throws the signal's reason. */
export async function* untilStopped<T>(stream: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const iterator = stream[Symbol.asyncIterator]();
  for (;;) {
    const next = await unlessStopped(iterator.next(), signal);
    if (next.done) return;
    yield next.value;
  }
}
