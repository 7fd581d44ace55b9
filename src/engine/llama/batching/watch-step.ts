// Notices a step that does not end: it runs in native code, which tells nobody that it hangs.
import type {StepWatch} from '../../contract/local-engine.ts';

/** The step's outcome; the watch hears of it when it is late. */
export async function watchStep<T>(step: Promise<T>, watch: StepWatch | undefined): Promise<T> {
  if (!watch) return await step;
  let stalled = false;
  const timer = setTimeout(() => {
    stalled = true;
    watch.onStall(true);
  }, watch.limitMs);
  try {
    return await step;
  } finally {
    clearTimeout(timer);
    if (stalled) watch.onStall(false);
  }
}
