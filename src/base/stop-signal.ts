// Waiting that a stop signal can end: for promises and streams that know nothing of signals.

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
