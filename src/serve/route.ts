// The application as a route sees it: what it is added to, and what it may say of itself.

import type {IncomingMessage, ServerResponse} from 'node:http';
import type {FastifyBaseLogger, FastifyInstance, RawServerDefault} from 'fastify';
import type {ZodTypeProvider} from 'fastify-type-provider-zod';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answered without a key and from any Host. */
    public?: boolean;
    /** Whose shape the route's errors have. */
    errors?: 'openai' | 'llama' | 'fastapi';
  }
}

export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;
