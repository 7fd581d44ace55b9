// Renders a template in a thread of its own, within a limit of time and memory: its text comes out of a downloaded file.
import {MessageChannel, type MessagePort, receiveMessageOnPort, Worker} from 'node:worker_threads';
import type {JsonObject} from '../../../base/json.ts';
import {MOST_TEMPLATE} from './jinja-program.ts';
import type {Rendered, RenderStart} from './render-worker.ts';

/** How long one rendering may take, in milliseconds; public templates take two. */
export const RENDER_MS = 1000;
/** How long the thread may take to start on a machine that is busy with other things. */
const START_MS = 30_000;
const LIMITS = {maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 32, stackSizeMb: 4};

export type {Rendered};

/** A thread with a template in it. */
interface Thread {
  readonly worker: Worker;
  readonly port: MessagePort;
  readonly steps: Int32Array<SharedArrayBuffer>;
}

const TOO_LONG: Rendered = {fault: 'syntax', message: `it has more than ${MOST_TEMPLATE} characters`};

function start(template: string): Thread {
  const {port1: port, port2: theirs} = new MessageChannel();
  const steps = new SharedArrayBuffer(4);
  const workerData: RenderStart = {template, port: theirs, steps};
  const worker = new Worker(new URL('./render-worker.js', import.meta.url), {
    workerData,
    transferList: [theirs],
    resourceLimits: LIMITS,
    // A template has no business with the process, and nothing that it prints is for its streams.
    env: {},
    stdout: true,
    stderr: true,
  });
  // A thread that ran out of memory is found by whoever waits for its answer.
  worker.on('error', () => {});
  worker.unref();
  port.unref();
  return {worker, port, steps: new Int32Array(steps)};
}

const slow = (limitMs: number): Rendered => ({fault: 'failed', message: `it did not end within ${limitMs / 1000} s`});

/**
 * What a template prints for each of these, in order, while this thread waits. After the first that does not end in time
 * the rest is not tried.
 */
export function renderEach(template: string, inputs: readonly JsonObject[], limitMs = RENDER_MS): readonly Rendered[] {
  if (template.length > MOST_TEMPLATE) return inputs.map(() => TOO_LONG);
  const {worker, port, steps} = start(template);
  try {
    for (const input of inputs) port.postMessage(input);
    const results: Rendered[] = [];
    if (!reached(steps, 1, START_MS) || !reached(steps, 2, limitMs)) return inputs.map(() => slow(limitMs));
    for (const [index] of inputs.entries()) {
      if (!reached(steps, index + 3, limitMs)) break;
      results.push(receiveMessageOnPort(port)?.message as Rendered);
    }
    return inputs.map((_, index) => results[index] ?? slow(limitMs));
  } finally {
    port.close();
    void worker.terminate();
  }
}

/** Waits until so many steps are done; false when one takes longer than the limit. */
function reached(steps: Int32Array<SharedArrayBuffer>, wanted: number, limitMs: number): boolean {
  for (let done = Atomics.load(steps, 0); done < wanted; done = Atomics.load(steps, 0)) {
    if (Atomics.wait(steps, 0, done, limitMs) === 'timed-out') return false;
  }
  return true;
}
