// The application of several models: the routes of one, with handlers that pass each request on to the process of its model.
import type {FastifyReply, FastifyRequest} from 'fastify';
import {inTurns} from '../../base/in-turns.ts';
import {isJsonObject} from '../../base/json.ts';
import type {AppOptions} from '../app.ts';
import {createApp} from '../app.ts';
import {bodySteps} from '../body/parse-body.ts';
import {fieldsOf} from '../dialects/dialect-call.ts';
import {readKeepAlive} from '../dialects/ollama/keep-alive.ts';
import {stillThere} from '../http/still-there.ts';
import {HttpError} from '../http-error.ts';
import type {App} from '../route.ts';
import type {Service} from '../service.ts';
import {forward, keepAwake, type ReachableModel} from './forward.ts';
import type {Lease} from './model-pool.ts';
import {addModelActions, ownRoutes} from './model-routes.ts';
import {modelNameOf, type Router, refuseWhenDraining} from './router.ts';
import type {ServedModel} from './served-models.ts';
import {failureEvent} from './stream-failure.ts';
import {unloadLine} from './unload-line.ts';

/** The bodies as they came. */
const BODIES = new WeakMap<FastifyRequest, Buffer>();

/** It has no model of its own: `service` counts requests and knows whether the server drains. */
export async function createRouter(router: Router, options: AppOptions): Promise<{app: App; service: Service}> {
  return await createApp(new Promise(() => {}), options, (app, service) => {
    keepBodies(app);
    const own = ownRoutes(router, service);
    app.addHook('onRoute', (route) => {
      const {method, url} = route;
      const name = `${[method].flat()[0]?.replace('HEAD', 'GET')} ${url}`;
      const handler = own.get(name);
      if (handler) route.handler = handler as typeof route.handler;
      else if (method === 'POST' && !isRefusal(url))
        route.handler = async (request, reply) => await answer(router, service, request, reply);
    });
    addModelActions(app);
  });
}

/** Routes that refuse every request, whatever model it names. */
const isRefusal = (url: string) => /^\/api\/(?:pull|create|copy|push)$/.test(url);

function keepBodies(app: App): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', {parseAs: 'buffer'}, async (request: FastifyRequest, body: Buffer) => {
    BODIES.set(request, body);
    request.json = await inTurns(bodySteps(body), stillThere(request));
  });
}

async function answer(
  router: Router,
  service: Service,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  refuseWhenDraining(service);
  const {models, pool} = router;
  const model = models.asked(modelNameOf(request));
  request.servedModel = model.id;
  const unloaded = unloadLine(request, model, service);
  if (unloaded) {
    pool.unload(model.id);
    return unloaded;
  }
  const client = new AbortController();
  const onClose = () => reply.raw.writableFinished || client.abort(new HttpError(499, 'the client left'));
  reply.raw.once('close', onClose);
  if (reply.raw.destroyed) onClose();
  let lease: Lease<ReachableModel> | undefined;
  try {
    lease = await leaseFor(router, model, request, reply, client.signal);
    await forward(lease.running, {
      request,
      reply,
      bytes: BODIES.get(request),
      model: model.id,
      signal: client.signal,
      failure: (error, last) => failureEvent(error, {...streamOf(request, service, model), last}),
    });
  } catch (error) {
    if (!reply.raw.headersSent) throw error;
    endWith(error, request, reply, service, model);
  } finally {
    reply.raw.off('close', onClose);
    lease?.release();
  }
  return reply;
}

const styleOf = ({routeOptions}: FastifyRequest) => routeOptions.config.errors ?? 'openai';

const streamOf = (request: FastifyRequest, {options: {sampling}}: Service, {id}: ServedModel) => ({
  style: styleOf(request),
  requestId: request.id,
  json: request.json,
  sampling,
  model: id,
});

async function leaseFor(
  {pool, vocabularies, commentMs}: Router,
  {id}: ServedModel,
  request: FastifyRequest,
  reply: FastifyReply,
  signal: AbortSignal,
): Promise<Lease<ReachableModel>> {
  const {config} = request.routeOptions;
  if (config.countsOnly) return pool.borrow(id) ?? (await vocabularies.acquire(id, signal));
  const keepAliveMs = config.fields === 'ollama' ? readKeepAlive(fieldsOf(request.json)) : undefined;
  const stream = isJsonObject(request.json) && request.json.get('stream') === true;
  const settled = keepAwake(reply, styleOf(request), stream && !isRawText(request), commentMs);
  try {
    return await pool.acquire(id, signal, keepAliveMs);
  } finally {
    settled();
  }
}

/** The routes of Truss, whose streams are bare text. */
const isRawText = ({routeOptions: {url}}: FastifyRequest) => url?.endsWith('/predict') === true;

/** A failure behind the head of a stream, which was sent while the model was loaded. */
function endWith(
  thrown: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  service: Service,
  model: ServedModel,
): void {
  const error = thrown instanceof HttpError ? thrown : new HttpError(500, 'internal error; see the server log');
  if (error !== thrown) request.log.error({err: thrown}, error.message);
  reply.raw.statusCode = error.status;
  reply.raw.end(failureEvent(error, streamOf(request, service, model)));
}
