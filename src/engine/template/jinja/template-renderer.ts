// Renders a template in a thread of its own, within a limit of time and memory: its text comes out of a downloaded file.
import {cpuUsage} from 'node:process';
import {MessageChannel, type MessagePort, receiveMessageOnPort, Worker} from 'node:worker_threads';
import type {JsonObject} from '../../../base/json.ts';
import {MOST_TEMPLATE} from './jinja-program.ts';
import type {Rendered, RenderStart} from './render-worker.ts';

/** How long one rendering may take, or all that a thread waits for, in milliseconds of work; public templates take two each. */
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
  /** The thread runs, and the template is compiled. */
  readonly ready: Promise<unknown>;
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
  const ready = new Promise((resolve) => worker.once('message', resolve));
  worker.unref();
  port.unref();
  return {worker, port, steps: new Int32Array(steps), ready};
}

const slow = (limitMs: number): Rendered => ({fault: 'late', message: `it did not end within ${limitMs / 1000} s`});

/**
 * What a template prints for each of these, in order, while this thread waits: so long for all of them together, so that
 * no template holds it longer. What is not rendered then has the fault `late`.
 */
export function renderEach(template: string, inputs: readonly JsonObject[], limitMs = RENDER_MS): readonly Rendered[] {
  if (template.length > MOST_TEMPLATE) return inputs.map(() => TOO_LONG);
  const {worker, port, steps} = start(template);
  try {
    for (const input of inputs) port.postMessage(input);
    const results: Rendered[] = [];
    const begin = performance.now();
    if (!reached(steps, 1, () => performance.now() - begin > START_MS)) return inputs.map(() => slow(limitMs));
    const isOver = workLimit(limitMs);
    for (const [index] of inputs.entries()) {
      // The second step is that the template is compiled.
      if (!reached(steps, index + 3, isOver)) break;
      results.push(receiveMessageOnPort(port)?.message as Rendered);
    }
    return inputs.map((_, index) => results[index] ?? slow(limitMs));
  } finally {
    port.close();
    void worker.terminate();
  }
}

/**
 * Whether a thread had its time, while this one waits: what it computed counts, and ten times as long by the clock. One
 * that has computed nothing for that time is dead.
 */
function workLimit(limitMs: number): () => boolean {
  const work = () => {
    const {user, system} = cpuUsage();
    return (user + system) / 1000;
  };
  const [begin, before] = [performance.now(), work()];
  let [lastAt, last] = [begin, before];
  return () => {
    const now = performance.now();
    if (now - begin > 10 * limitMs || (now - begin > limitMs && work() - before > limitMs)) return true;
    if (now - lastAt <= limitMs) return false;
    const isDead = work() - last < limitMs / 100;
    [lastAt, last] = [now, work()];
    return isDead;
  };
}

/** Waits until so many steps are done; false when they are not at the end. */
function reached(steps: Int32Array<SharedArrayBuffer>, wanted: number, isOver: () => boolean): boolean {
  for (let done = Atomics.load(steps, 0); done < wanted; done = Atomics.load(steps, 0)) {
    if (Atomics.wait(steps, 0, done, 20) === 'timed-out' && isOver()) return false;
  }
  return true;
}

/** Renders one conversation after the other, without making this thread wait. A rendering that hangs costs its thread. */
export class TemplateRenderer {
  readonly #template: string;
  readonly #limitMs: number;
  #thread: Thread | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(template: string, limitMs = RENDER_MS) {
    this.#template = template;
    this.#limitMs = limitMs;
  }

  render(input: JsonObject): Promise<Rendered> {
    const result = this.#last.then(() => this.#render(input));
    this.#last = result;
    return result;
  }

  /** Ends the thread; the next rendering would start another. */
  async close(): Promise<void> {
    const thread = this.#thread;
    this.#thread = undefined;
    thread?.port.close();
    await thread?.worker.terminate();
  }

  async #render(input: JsonObject): Promise<Rendered> {
    if (this.#template.length > MOST_TEMPLATE) return TOO_LONG;
    this.#thread ??= start(this.#template);
    const {worker, port, ready} = this.#thread;
    worker.ref();
    try {
      if (!(await within(worker, ready, START_MS + this.#limitMs))) return await this.#giveUp();
      const rendered = new Promise<Rendered>((resolve) => port.once('message', resolve));
      port.postMessage(input);
      return (await within(worker, rendered, this.#limitMs)) ?? (await this.#giveUp());
    } finally {
      worker.unref();
      port.unref();
    }
  }

  async #giveUp(): Promise<Rendered> {
    await this.close();
    return slow(this.#limitMs);
  }
}

/** Undefined when it takes longer, or the thread ends (it ran out of memory). */
async function within<Value>(worker: Worker, value: Promise<Value>, limitMs: number): Promise<Value | undefined> {
  let stop = () => {};
  const ended = new Promise<undefined>((resolve) => {
    const timer = setTimeout(resolve, limitMs, undefined);
    const onExit = () => resolve(undefined);
    worker.once('exit', onExit);
    stop = () => {
      clearTimeout(timer);
      worker.off('exit', onExit);
    };
  });
  try {
    return await Promise.race([value, ended]);
  } finally {
    stop();
  }
}
