// The application as a route sees it: what it is added to, and what it may say of itself.

import type {IncomingMessage, ServerResponse} from 'node:http';
import type {FastifyBaseLogger, FastifyInstance, RawServerDefault} from 'fastify';
import type {ZodTypeProvider} from 'fastify-type-provider-zod';
import type {Json} from '../base/json.ts';
import type {FieldDialect} from './fields/field-table.ts';
import type {ErrorStyle} from './http-error.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /**
     * The body as it was written: the order of members and exact numbers, which the plain copy in `body` has lost. The
     * readers of `serve/body` make a call of it; no route looks into either.
     */
    json: Json;
    /** Which of the server's keys it came with, by its place in the list; undefined: none was needed. */
    keyIndex: number | undefined;
    /** Where there are several: the model it is for. */
    servedModel: string | undefined;
  }
  interface FastifyContextConfig {
    /** Answered without a key and from any Host. */
    public?: boolean;
    /** Whose shape the route's errors have. */
    errors?: ErrorStyle;
    /** Whose rules the fields that the route does not read are judged by; absent: they are told. */
    fields?: FieldDialect;
    /** Needs the vocabulary of the model and not its weights. */
    countsOnly?: boolean;
    /** Whether its reply, where it is whole, lists in `warnings` what the header lists. */
    warns?: boolean;
  }
}

export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;
