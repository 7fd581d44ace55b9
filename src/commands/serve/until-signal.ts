// How a server ends: on a signal it takes nothing new, lets running answers finish for a while, then tells them that they are cut.
import {setTimeout as sleep} from 'node:timers/promises';
import {EngineError} from '../../base/errors.ts';
import type {Service} from '../../serve/service.ts';
import type {Io} from '../host/io.ts';

/** How often a draining server looks whether it is done. */
const DRAIN_CHECK_MS = 20;

/** What is asked of a server that ends. */
type Drained = Pick<Service, 'inFlight' | 'dead' | 'drain' | 'stop'>;

/**
 * Waits for SIGTERM or SIGINT, then for the running answers: at most `graceMs`, or until a second signal.
 * @throws EngineError `engine_failed` when the engine breaks down.
 */
export async function untilSignal(io: Io, service: Drained, graceMs: number): Promise<void> {
  let signals = 0;
  let wake = () => {};
  const first = new Promise<void>((resolve) => {
    wake = resolve;
  });
  const release = io.captureInterrupt(() => {
    signals++;
    wake();
  }, ['SIGINT', 'SIGTERM']);
  try {
    const failure = await Promise.race([first, service.dead]);
    service.drain();
    if (failure) {
      service.stop();
      await answered(service);
      throw new EngineError(failure.code, `${failure.message}; it does not come back`, {
        hint: 'Start the server again; whatever runs it can do so when it ends with this exit code.',
        cause: failure,
      });
    }
    if (service.inFlight > 0) io.say(`stopping; ${service.inFlight} requests are still being answered`);
    const deadline = performance.now() + graceMs;
    while (service.inFlight > 0 && signals === 1 && performance.now() < deadline) await sleep(DRAIN_CHECK_MS);
    service.stop();
    await answered(service);
  } finally {
    release();
  }
}

/** What was cut off still tells its client so. */
async function answered(service: Drained): Promise<void> {
  for (let wait = 0; service.inFlight > 0 && wait < 1000; wait += DRAIN_CHECK_MS) await sleep(DRAIN_CHECK_MS);
}
