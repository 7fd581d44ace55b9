// Builds the HTTP application from a backend and options; it listens nowhere and knows no process.

import cors from '@fastify/cors';
import fastify, {type FastifyBaseLogger, type FastifyInstance, type FastifyReply, LogController} from 'fastify';
import type {ZodTypeProvider} from 'fastify-type-provider-zod';
import type {z} from 'zod';
import {inTurns} from '../base/in-turns.ts';
import {toPlain} from '../base/json.ts';
import type {Backend} from '../engine/contract/backend.ts';
import {hostCheck, keyCheck, originCheck} from './access.ts';
import {addRoutes} from './all-routes.ts';
import {useBodyCheck, useBodyParser} from './body/parse-body.ts';
import {judgeFields} from './fields/field-rules.ts';
import {FIELD_RULES} from './fields/field-table.ts';
import {NESTED_FIELDS, nestedSteps} from './fields/nested-fields.ts';
import {keyIndexBehind} from './http/behind-router.ts';
import {useHalfClosed} from './http/half-closed.ts';
import {useMethods} from './http/methods.ts';
import {givenRequestId, newRequestId, REQUEST_ID_HEADER, useRequestId} from './http/request-id.ts';
import {stillThere} from './http/still-there.ts';
import {refuseUnread} from './http/unread.ts';
import {errorBody, HttpError, isUnforeseen, statusIn, toHttpError, ValidationError} from './http-error.ts';
import {useOpenApi} from './openapi.ts';
import {tell, toldOf} from './reply/told.ts';
import type {App} from './route.ts';
import {Service, type ServiceOptions} from './service.ts';

export interface AppOptions extends ServiceOptions {
  /** Without keys everyone is let in. */
  readonly apiKeys: readonly string[];
  /** Refuses Host headers that name neither this machine nor one of these. */
  readonly checkHost: boolean;
  readonly allowedHosts: readonly string[];
  /** Origins of web pages that may call the server; `*` = any. */
  readonly corsOrigins: readonly string[];
  readonly bodyLimit: number;
  /** Certificate and key, PEM; without them the server speaks plain HTTP. */
  readonly tls?: {readonly cert: string; readonly key: string} | undefined;
  /** For receiving a whole request; an answer may take as long as it likes. Default one minute. */
  readonly requestMs?: number;
  readonly logger: FastifyBaseLogger | undefined;
  /** Only our own router reaches it: whose request it is and what it is called is believed, and the router's log has it. */
  readonly behindRouter?: boolean;
  /** Writes request bodies to the log. */
  readonly logPrompts: boolean;
}

/** Above the idle time of the usual proxies, so that they close connections, not we. */
const KEEP_ALIVE_MS = 65_000;
const REQUEST_MS = 60_000;
const JSON_TYPE = 'application/json; charset=utf-8';

/**
 * The application and the service behind it. `backend` may still be loading: until then the routes answer 503. `route` takes the
 * place of what the routes do, for a server that has others answer: called before there are any.
 */
export async function createApp(
  backend: Promise<Backend>,
  options: AppOptions,
  route?: (app: App, service: Service) => void,
): Promise<{app: App; service: Service}> {
  const service = new Service(backend, options);
  const {requestMs = REQUEST_MS} = options;
  const app = fastify({
    bodyLimit: options.bodyLimit,
    genReqId: options.behindRouter ? ({headers}) => givenRequestId(headers) : newRequestId,
    keepAliveTimeout: KEEP_ALIVE_MS,
    requestTimeout: requestMs,
    http: {headersTimeout: requestMs / 4, connectionsCheckingInterval: requestMs / 12},
    logController: new LogController({disableRequestLogging: true}),
    // Closing means that whoever closes has waited long enough; a connection that never sent a request would hold it up.
    forceCloseConnections: true,
    return503OnClosing: false,
    // As long as the head of a request may be: an unknown name is a 404 like any other.
    routerOptions: {maxParamLength: 16_384},
    // What the router refuses before there is a route: no hook comes for it.
    frameworkErrors: (thrown, {id}, reply) => {
      const error = toHttpError(thrown);
      const body = JSON.stringify(errorBody(error, 'openai', thrown, id));
      (reply as unknown as FastifyReply).header(REQUEST_ID_HEADER, id).type(JSON_TYPE).code(error.status).send(body);
    },
    clientErrorHandler: refuseUnread,
    ...(options.logger && {loggerInstance: options.logger}),
    ...(options.tls && {https: {...options.tls, minVersion: 'TLSv1.2' as const}}),
  }).withTypeProvider<ZodTypeProvider>() as App;
  app.setValidatorCompiler<z.ZodType>(({schema, httpPart}) => (data) => {
    // Checked already, in turns.
    if (httpPart === 'body') return {value: data};
    const {success, data: value, error} = schema.safeParse(data);
    return success ? {value} : {error: new ValidationError(error.issues)};
  });
  app.setSerializerCompiler(() => JSON.stringify);
  useBodyParser(app as unknown as FastifyInstance);
  useErrors(app);
  useRequestId(app);
  useHalfClosed(app);
  if (options.corsOrigins.length > 0) {
    await app.register(cors, {
      origin: options.corsOrigins.includes('*') ? '*' : [...options.corsOrigins],
      strictPreflight: false,
    });
  }
  useLog(app, service, options);
  useAccess(app, options);
  useMethods(app);
  // Whoever passes requests on leaves it to others to look into them.
  if (!route) {
    useBodyCheck(app as unknown as FastifyInstance);
    useFieldRules(app, options);
  }
  await useOpenApi(app, options.apiKeys.length > 0);
  route?.(app, service);
  addRoutes(app, service);
  return {app, service};
}

function useAccess(app: App, options: AppOptions): void {
  const checkKey = keyCheck(options.apiKeys);
  const checkHost = options.checkHost ? hostCheck(options.allowedHosts) : undefined;
  // A key is what no page of another site has.
  const checkOrigin = options.apiKeys.length === 0 ? originCheck(options.corsOrigins) : undefined;
  app.decorateRequest('keyIndex', undefined);
  app.decorateRequest('servedModel', undefined);
  app.addHook('onRequest', async (request) => {
    const {method, headers, routeOptions} = request;
    if (routeOptions.config.public) return;
    checkHost?.(headers);
    checkOrigin?.(method, headers);
    const index = checkKey(headers);
    request.keyIndex = options.behindRouter ? keyIndexBehind(headers) : index;
  });
}

function useErrors(app: App): void {
  app.setErrorHandler((thrown, request, reply) => {
    const error = toHttpError(thrown);
    if (isUnforeseen(error, thrown)) request.log.error({err: thrown}, error.message);
    if (error.retryAfter !== undefined) reply.header('retry-after', String(error.retryAfter));
    reply.headers(error.headers);
    if (error.status === 401) reply.header('www-authenticate', 'Bearer');
    const style = error.style ?? request.routeOptions.config.errors ?? 'openai';
    return reply.code(statusIn(style, error)).send(errorBody(error, style, thrown, request.id));
  });
  app.setNotFoundHandler(({method, url}) => {
    const [path] = url.split('?');
    throw new HttpError(404, `there is no ${method} ${path}; /docs lists the routes`, {code: 'unknown_url'});
  });
}

/** What the fields mean that a route does not read; their shapes come first. */
function useFieldRules(app: App, {behindRouter = false}: AppOptions): void {
  app.addHook('preHandler', async (request, reply) => {
    const {json, routeOptions} = request;
    const {shape} = (routeOptions.schema?.body ?? {}) as {shape?: object};
    if (!shape) return;
    const {fields} = routeOptions.config;
    // The router has read which model is meant, on every route.
    const isKnown = (name: string) => Object.hasOwn(shape, name) || (behindRouter && name === 'model');
    tell(reply, ...judgeFields(json, isKnown, fields ? FIELD_RULES[fields] : []));
    if (fields) tell(reply, ...(await inTurns(nestedSteps(json, NESTED_FIELDS[fields]), stillThere(request))));
  });
  app.addHook('preSerialization', async ({routeOptions}, reply, payload) => {
    const notes = toldOf(reply);
    if (notes.length === 0 || !routeOptions.config.warns || Array.isArray(payload) || reply.statusCode >= 400)
      return payload;
    return {...(payload as object), warnings: notes};
  });
}

function useLog(app: App, service: Service, {logPrompts, behindRouter}: AppOptions): void {
  if (logPrompts) {
    app.addHook('preHandler', async ({log, json}) => log.info({body: toPlain(json)}, 'request body'));
  }
  app.addHook('onRequest', async (request, reply) => {
    service.inFlight++;
    // Fastify's onResponse does not come for a streamed reply whose client left; the close always does.
    reply.raw.once('close', () => {
      service.inFlight--;
      const route = request.routeOptions.url ?? 'unknown';
      const {statusCode: status, elapsedTime} = reply;
      service.metrics.countRequest(route, status);
      if (behindRouter) return;
      const {servedModel: model} = request;
      request.log.info({method: request.method, route, status, model, ms: Math.round(elapsedTime)}, 'answered');
    });
  });
}
