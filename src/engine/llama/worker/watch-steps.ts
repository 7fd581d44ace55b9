// Notices a step of the engine's thread that does not end: a number both threads share is odd while one runs.
import type {StepWatch} from '../../contract/local-engine.ts';

/** How often the number is looked at within the time a step may take. */
const LOOKS = 4;

/** `step` is another odd number for each step. Watches until the returned function is called. */
export function watchSteps(step: () => number, {limitMs, onStall}: StepWatch): () => void {
  let last = step();
  let looks = 0;
  let isStalled = false;
  const look = () => {
    const now = step();
    looks = now === last && now % 2 === 1 ? looks + 1 : 0;
    last = now;
    const isLate = looks >= LOOKS;
    if (isLate !== isStalled) onStall(isLate);
    isStalled = isLate;
  };
  const timer = setInterval(look, Math.max(1, limitMs / LOOKS));
  timer.unref();
  return () => clearInterval(timer);
}
