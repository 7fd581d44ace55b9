// The worker thread of a conversion: does the jobs it is sent, one after the other.
import {parentPort} from 'node:worker_threads';
import {type Job, type JobOutcome, JobRunner} from './job.ts';

/** A failure goes in parts: an Error loses its code on the way between threads. */
export type JobResult = {readonly outcome: JobOutcome} | {readonly message: string; readonly code: string | undefined};

const runner = new JobRunner();

parentPort?.on('message', (job: Job) => {
  let result: JobResult;
  try {
    result = {outcome: runner.run(job)};
  } catch (error) {
    const {message, code} = error as NodeJS.ErrnoException;
    result = {message, code};
  }
  parentPort?.postMessage(result);
});
