// Whether anybody waits for the answer to a request: what takes long asks now and then.
import type {FastifyRequest} from 'fastify';
import {HttpError} from '../http-error.ts';

/** A check that throws when the client has left. */
export function stillThere({raw}: FastifyRequest): () => void {
  return () => {
    if (raw.socket.destroyed) throw new HttpError(499, 'the client left');
  };
}
