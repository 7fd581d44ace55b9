// What the routes of several models share: the models, the pools of their processes, and which model a request is for.
import type {FastifyRequest} from 'fastify';
import {EngineError} from '../../base/errors.ts';
import {isJsonObject} from '../../base/json.ts';
import {HttpError} from '../http-error.ts';
import type {Service} from '../service.ts';
import type {ReachableModel} from './forward.ts';
import type {ModelPool} from './model-pool.ts';
import type {ServedModel, ServedModels} from './served-models.ts';

export interface Router {
  readonly models: ServedModels<ServedModel>;
  readonly pool: ModelPool<ReachableModel>;
  /** Processes with the vocabulary of a model alone, which count for models that are not loaded. */
  readonly vocabularies: ModelPool<ReachableModel>;
  /** The last metrics of models that are not loaded any more, by their names. */
  readonly lastMetrics: ReadonlyMap<string, string>;
  /** Time between two comments to a client that waits. Default 5 s. */
  readonly commentMs?: number;
}

/** The model's name in the body, or behind `?model=`. @throws EngineError `invalid_request` for what is no text. */
export function modelNameOf({json, query, routeOptions}: FastifyRequest): string | undefined {
  const body = isJsonObject(json) ? json : undefined;
  // Its older name in Ollama's API.
  const older = routeOptions.url === '/api/show' ? body?.get('name') : undefined;
  const inBody = body?.get('model') ?? older;
  const name = inBody ?? (query as Record<string, unknown>).model;
  if (name === undefined || name === null || typeof name === 'string') return name ?? undefined;
  throw new EngineError('invalid_request', "'model' must be a string", {param: 'model'});
}

/** @throws HttpError 503 while the server stops. */
export function refuseWhenDraining(service: Service): void {
  if (service.state === 'draining')
    throw new HttpError(503, 'the server is shutting down', {code: 'draining', retryAfter: 5});
}
