// The routes that tell of all models, loaded or not, and those that load and unload one. What only tells wakes nothing.
import type {FastifyReply, FastifyRequest} from 'fastify';
import {z} from 'zod';
import {parsePlainJson} from '../../base/plain-json.ts';
import {chosenSampling} from '../../engine/contract/sampling.ts';
import {psOf, showOf, tagOf} from '../dialects/ollama/ollama-models.ts';
import {HttpError} from '../http-error.ts';
import {propsOf, slotRows} from '../llama-server/status.ts';
import {errors, LlamaErrorSchema} from '../reply/reply-schemas.ts';
import type {App} from '../route.ts';
import {modelCard, modelList} from '../routes/models.ts';
import type {Service} from '../service.ts';
import {fetchText} from './forward.ts';
import {mergedMetrics, modelGauges} from './merged-metrics.ts';
import {modelNameOf, type Router, refuseWhenDraining} from './router.ts';
import type {ServedModel} from './served-models.ts';

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

/** By method and path. */
export function ownRoutes(router: Router, service: Service): ReadonlyMap<string, Handler> {
  const {models, pool} = router;
  const {sampling, slots} = service.options;
  const card = (model: ServedModel, request: FastifyRequest) => {
    const aliases = models.namesOf(model);
    const about = {...modelCard(model.info, {sampling, aliases, started: service.started}, request.headers)};
    return {...about, id: model.id, display_name: model.id, name: model.id, status: {value: pool.state(model.id)}};
  };
  const defaults = (model: ServedModel) => chosenSampling(sampling, model.info.sampling);
  const askedIn = (request: FastifyRequest) => models.asked(modelNameOf(request));
  /** Those of a model that is not loaded are all free. */
  const slotsOf = async (model: ServedModel): Promise<unknown> => {
    const lease = pool.borrow(model.id);
    if (lease === undefined) return slotRows(model.info, defaults(model), slots, () => false);
    try {
      return parsePlainJson(await fetchText(lease.running, '/slots'));
    } finally {
      lease.release();
    }
  };
  const list: Handler = async (request) => modelList(models.all.map((model) => card(model, request)));
  const one: Handler = async (request) => card(models.asked((request.params as {id: string}).id), request);
  const health: Handler = async () => {
    if (service.state !== 'draining') return {status: 'ok'};
    throw new HttpError(503, 'Shutting down', {retryAfter: 2});
  };
  return new Map<string, Handler>([
    ['GET /v1/models', list],
    ['GET /models', list],
    ['GET /v1/models/:id', one],
    ['GET /models/:id', one],
    ['GET /health', health],
    ['GET /v1/health', health],
    [
      'GET /metrics',
      async (_request, reply) =>
        reply.type('text/plain; version=0.0.4; charset=utf-8').send(await metrics(router, service)),
    ],
    ['GET /api/tags', async () => ({models: models.all.map(({card: about}) => tagOf(about))})],
    ['GET /api/ps', async () => ({models: models.all.flatMap((model) => running(router, model))})],
    [
      'POST /api/show',
      async (request) => {
        const model = askedIn(request);
        return showOf(model.card, model.info, defaults(model));
      },
    ],
    [
      'GET /props',
      async (request) => {
        const model = askedIn(request);
        return propsOf(model.info, defaults(model), slots);
      },
    ],
    ['POST /models/load', (request, reply) => load(router, service, request, reply)],
    [
      'POST /models/unload',
      async (request) => {
        pool.unload(askedIn(request).id);
        return {success: true};
      },
    ],
    ['GET /slots', async (request) => await slotsOf(askedIn(request))],
  ]);
}

function running({pool}: Router, {id, card, info}: ServedModel) {
  const left = pool.expiresIn(id);
  if (left === undefined) return [];
  return [psOf(card, info, left === Number.POSITIVE_INFINITY ? undefined : new Date(Date.now() + left))];
}

/** A process that does not answer, as one that has just crashed, has its last ones. */
async function metrics({models, pool, lastMetrics}: Router, service: Service): Promise<string> {
  const texts = new Map<string, string>();
  const read = async ({id}: ServedModel) => {
    const lease = pool.borrow(id);
    const now = lease && (await fetchText(lease.running, '/metrics').catch(() => undefined));
    lease?.release();
    const text = now ?? lastMetrics.get(id);
    if (text !== undefined) texts.set(id, text);
  };
  await Promise.all(models.all.map(read));
  const states = models.all.map(({id, bytes}) => ({id, bytes, isLoaded: pool.state(id) === 'loaded'}));
  return modelGauges(states) + mergedMetrics(await service.metrics.registry.metrics(), texts);
}

/** Waits until it is loaded. */
async function load({models, pool}: Router, service: Service, request: FastifyRequest, {raw}: FastifyReply) {
  refuseWhenDraining(service);
  const client = new AbortController();
  raw.once('close', () => raw.writableFinished || client.abort(new HttpError(499, 'the client left')));
  const lease = await pool.acquire(models.asked(modelNameOf(request)).id, client.signal);
  lease.release();
  return {success: true};
}

const ActionSchema = z.object({model: z.string()});
const ACTIONS = {
  '/models/load': 'Load a model, waiting until it is',
  '/models/unload': 'Unload a model when its answers are given',
};
const response = {200: z.object({success: z.literal(true)}), ...errors(LlamaErrorSchema, 400, 401, 403, 404, 413, 503)};

/** llama-server's two actions of its router; `ownRoutes` has their handlers. */
export function addModelActions(app: App): void {
  for (const [url, summary] of Object.entries(ACTIONS)) {
    app.route({
      method: ['POST'],
      url,
      schema: {tags: ['llama.cpp'], summary, body: ActionSchema, response},
      config: {errors: 'llama'},
      handler: async () => ({success: true as const}),
    });
  }
}
