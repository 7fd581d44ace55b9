// GET /health and /metrics: what load balancers and dashboards ask.

import {z} from 'zod';
import {HttpError} from '../http-error.ts';
import {errors, LlamaErrorSchema} from '../reply/reply-schemas.ts';
import type {App} from '../route.ts';
import type {Service} from '../service.ts';

/** llama-server's words, where it has them. */
const REASONS = {loading: 'Loading model', failed: 'The engine failed', draining: 'Shutting down'};

export function addHealth(app: App, service: Service): void {
  for (const url of ['/health', '/v1/health']) {
    app.get(
      url,
      {
        schema: {
          tags: ['Operation'],
          summary: 'Ready to answer? 503 while the model loads, the engine is down and the server shuts down',
          response: {200: z.object({status: z.literal('ok')}), ...errors(LlamaErrorSchema, 503)},
        },
        config: {public: true, errors: 'llama'},
      },
      async () => {
        if (service.state === 'ready') return {status: 'ok' as const};
        throw new HttpError(503, REASONS[service.state], {retryAfter: 2});
      },
    );
  }
  app.get(
    '/metrics',
    {
      schema: {
        tags: ['Operation'],
        summary: "Prometheus metrics, under our names and llama-server's",
        response: {200: {content: {'text/plain': {schema: z.string()}}}, ...errors(LlamaErrorSchema, 401, 403)},
      },
      config: {errors: 'llama'},
    },
    async (_request, reply) => {
      const {registry} = service.metrics;
      // llama-server's, for whoever makes rates of the counters.
      // In capitals: there are readers that compare it as it is.
      reply.raw.setHeader('Process-Start-Time-Unix', String(service.started));
      return reply.type(registry.contentType).send(await registry.metrics());
    },
  );
}
