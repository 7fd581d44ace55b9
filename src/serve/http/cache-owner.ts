// Whose kept prompts a request may profit from: those of its own key, and of its own salt where it sends one.
import type {FastifyRequest} from 'fastify';
import {isJsonObject} from '../../base/json.ts';
import type {Backend} from '../../engine/contract/backend.ts';
import type {ComputedRequest} from '../../engine/contract/requests.ts';

/**
 * By a prefix that is there already, its time and `cached_tokens`, one user could guess what another has sent, letter by
 * letter. `cache_salt` is vLLM's: it keeps users apart who share a key.
 */
export function cacheOwner({keyIndex, json}: FastifyRequest): string | undefined {
  const salt = isJsonObject(json) ? json.get('cache_salt') : undefined;
  if (keyIndex === undefined && typeof salt !== 'string') return undefined;
  return `${keyIndex ?? ''}:${typeof salt === 'string' ? salt : ''}`;
}

/** The part of a backend that answers. */
export type Answering = Pick<Backend, 'chat' | 'complete' | 'fim'>;

/** A backend whose requests are all of one owner. */
export function ownedBackend(backend: Backend, owner: string | undefined): Answering {
  const own = <Request extends ComputedRequest>(request: Request): Request =>
    owner === undefined ? request : {...request, cacheOwner: owner};
  return {
    chat: (request, signal) => backend.chat(own(request), signal),
    complete: (request, signal) => backend.complete(own(request), signal),
    fim: (request, signal) => backend.fim(own(request), signal),
  };
}
