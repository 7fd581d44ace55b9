// The backend as one request sees it: whose kept prompts it may profit from, and how long its answers may be.
import type {FastifyRequest} from 'fastify';
import {isJsonObject} from '../../base/json.ts';
import type {Backend} from '../../engine/contract/backend.ts';
import type {ComputedRequest} from '../../engine/contract/requests.ts';
import type {SamplingParams} from '../../engine/contract/sampling.ts';

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

/** What the server says about all requests. */
export interface RequestBounds {
  readonly owner: string | undefined;
  /** Tokens of an answer at most, whatever is asked for. */
  readonly capTokens: number | undefined;
  /** Called when more was asked for, before the answer begins. */
  readonly onCapped: (capTokens: number) => void;
}

/** A backend that gives every request its owner and bounds. */
export function requestBackend(backend: Backend, {owner, capTokens, onCapped}: RequestBounds): Answering {
  const bounded = <Request extends ComputedRequest & {readonly sampling: SamplingParams}>(
    request: Request,
  ): Request => {
    const {maxTokens} = request.sampling;
    const isCapped = capTokens !== undefined && (maxTokens === undefined || maxTokens > capTokens);
    if (isCapped && maxTokens !== undefined) onCapped(capTokens);
    return {
      ...request,
      ...(owner !== undefined && {cacheOwner: owner}),
      ...(isCapped && {sampling: {...request.sampling, maxTokens: capTokens}}),
    };
  };
  return {
    chat: (request, signal) => backend.chat(bounded(request), signal),
    complete: (request, signal) => backend.complete(bounded(request), signal),
    fim: (request, signal) => backend.fim(bounded(request), signal),
  };
}
