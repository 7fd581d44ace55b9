// The worker thread of a download: hashes the front of a growing file and says what the sum is in the end.
import {parentPort, workerData} from 'node:worker_threads';
import {RangeHash} from './hash-range.ts';

/** How far the file is there; with `last`, that it is all. */
export interface FrontMessage {
  readonly front: number;
  readonly last: boolean;
}

/** There is a file when the first message comes. */
let hash: RangeHash | undefined;

// An error that is thrown here reaches the other side as the worker's `error` event.
parentPort?.on('message', ({front, last}: FrontMessage) => {
  hash ??= new RangeHash(workerData as string);
  if (last) parentPort?.postMessage(hash.digest(front));
  else hash.advance(front);
});
