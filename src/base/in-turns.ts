// Long work on the one JavaScript thread, in turns: what else waits for the thread gets it in between.

/** Work that may be interrupted at each `yield`; pieces between two of them take a millisecond at most. */
export type Steps<Result> = Generator<void, Result, void>;

/** Milliseconds of one turn. Answers of others wait that long for each token. */
const TURN_MS = 5;
/** Milliseconds before the first pause where others wait already: little work need not stand in line. */
const FIRST_MS = 1;

const waiting: (() => void)[] = [];

/** One turn for each round of the event loop, whatever the number of those who want one. */
function serveNext(): void {
  waiting.shift()?.();
  if (waiting.length > 0) setImmediate(serveNext);
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    if (waiting.length === 1) setImmediate(serveNext);
  });
}

/**
 * The result of `steps`, which let others have the thread every few milliseconds. `check` is called after each pause: by
 * throwing it ends work that nobody waits for any more.
 */
export async function inTurns<Result>(steps: Steps<Result>, check: () => void = () => {}): Promise<Result> {
  let end = performance.now() + (waiting.length > 0 ? FIRST_MS : TURN_MS);
  for (;;) {
    const {done, value} = steps.next();
    if (done) return value;
    if (performance.now() < end) continue;
    await nextTurn();
    check();
    end = performance.now() + TURN_MS;
  }
}

/** The result of `steps` without a pause, where nobody waits. */
export function atOnce<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const {done, value} = steps.next();
    if (done) return value;
  }
}
