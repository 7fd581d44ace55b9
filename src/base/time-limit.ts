// A limit of time beside a person's wish to stop.

/**
 * Runs `work` with a signal that aborts with `stop`, or after `ms` milliseconds. A timer of its own: Node 20 forgets an
 * `AbortSignal.timeout` inside an `AbortSignal.any` when it collects garbage (measured on 20.20), and the work
 * then never ends.
 */
export async function within<T>(ms: number, stop: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), ms);
  try {
    return await work(AbortSignal.any([stop, patience.signal]));
  } finally {
    clearTimeout(timer);
  }
}
