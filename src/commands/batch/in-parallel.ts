// Several pieces of work at a time over an input of any length, whose results are taken as they come or in order.

export interface ParallelOptions {
  /** Pieces that were begun and whose result is not taken yet, at most. */
  readonly limit: number;
  /** Results are taken in the order of the input. */
  readonly ordered: boolean;
}

/**
 * Begins `work` on each item and hands each result to `take`, one at a time. Reads no further ahead than `limit`. Whatever ends
 * the input early, what was begun is waited for.
 * @throws what the input, `work` or `take` throws, the first of it
 */
export async function inParallel<Item, Result>(
  items: AsyncIterable<Item>,
  {limit, ordered}: ParallelOptions,
  work: (item: Item) => Promise<Result>,
  take: (result: Result) => void | Promise<void>,
): Promise<void> {
  const running = new Set<Promise<void>>();
  let failure: {readonly error: unknown} | undefined;
  let before: Promise<void> = Promise.resolve();
  let taking: Promise<void> = Promise.resolve();
  const run = async (item: Item, previous: Promise<void>) => {
    const result = await work(item);
    if (ordered) await previous;
    taking = taking.then(() => (failure ? undefined : take(result)));
    await taking;
  };
  try {
    for await (const item of items) {
      const mine = run(item, before)
        .catch((error: unknown) => {
          failure ??= {error};
        })
        .finally(() => running.delete(mine));
      before = mine;
      running.add(mine);
      if (running.size >= limit) await Promise.race(running);
      if (failure) break;
    }
  } finally {
    await Promise.all(running);
  }
  if (failure) throw failure.error;
}
