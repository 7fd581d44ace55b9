// Spreads jobs over worker threads, at constant memory: a worker gets its next job when it has finished one.
import {setImmediate as nextTurn} from 'node:timers/promises';
import {Worker} from 'node:worker_threads';
import {EngineError} from '../../../base/errors.ts';
import {type Job, type JobOutcome, JobRunner} from './job.ts';
import type {JobResult} from './job-worker.ts';

/** Jobs a worker has at hand, so that it need not wait for its next one. */
const QUEUE = 2;

export interface PoolOptions {
  /** Threads; 0 does the work on this one. */
  readonly workers: number;
  readonly signal: AbortSignal;
  /** Called after each job: `same` is false where a comparison found other bytes. */
  readonly done: (job: Job, same: boolean) => void;
}

/**
 * Does all jobs. Rejects with the first error of a job, or with the signal's reason; no job runs after that.
 * @throws EngineError `model_invalid` for a value that is not a number.
 */
export async function runJobs(jobs: Iterable<Job>, options: PoolOptions): Promise<void> {
  options.signal.throwIfAborted();
  if (options.workers === 0) return runHere(jobs, options);
  const queue = jobs[Symbol.iterator]();
  const workers = Array.from({length: options.workers}, () => new Worker(new URL('./job-worker.js', import.meta.url)));
  let stop = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(options.signal.reason as Error);
    options.signal.addEventListener('abort', stop);
  });
  try {
    await Promise.race([aborted, Promise.all(workers.map((worker) => feed(worker, queue, options)))]);
  } finally {
    options.signal.removeEventListener('abort', stop);
    // Waits for a job under way: its file may be removed afterwards.
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

async function runHere(jobs: Iterable<Job>, {signal, done}: PoolOptions): Promise<void> {
  const runner = new JobRunner();
  for (const job of jobs) {
    done(job, isSame(job, runner.run(job)));
    await nextTurn();
    signal.throwIfAborted();
  }
}

/** @throws EngineError `model_invalid` for values that are not numbers. */
function isSame({from}: Job, outcome: JobOutcome): boolean {
  if (outcome !== 'not-a-number') return outcome === 'done';
  throw new EngineError('model_invalid', `${from} holds a value that is not a number`, {
    hint: 'The file is damaged, or its training failed: compare its sum with the one its source names.',
  });
}

function feed(worker: Worker, queue: Iterator<Job>, {done}: PoolOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent: Job[] = [];
    const send = (): void => {
      const next = queue.next();
      if (next.done === true) {
        if (sent.length === 0) resolve();
        return;
      }
      sent.push(next.value);
      worker.postMessage(next.value);
    };
    worker.on('error', reject);
    worker.on('message', (result: JobResult) => {
      const job = sent.shift();
      if ('message' in result) return reject(Object.assign(new Error(result.message), {code: result.code}));
      try {
        if (job !== undefined) done(job, isSame(job, result.outcome));
        send();
      } catch (error) {
        reject(error);
      }
    });
    for (let i = 0; i < QUEUE; i++) send();
  });
}
