// A name for each request: in the reply, also of a refusal and of a stream, and in every line the log has of it.
import {randomUUID} from 'node:crypto';
import type {IncomingHttpHeaders} from 'node:http';
import type {App} from '../route.ts';

/** openai's clients show it as `_request_id`, codex prints it beside an error. */
export const REQUEST_ID_HEADER = 'x-request-id';

/** The same in Anthropic's dialect. */
const ANTHROPIC_HEADER = 'request-id';

export const newRequestId = () => `req_${randomUUID().replaceAll('-', '')}`;

/** The name that a request has already, where whoever sends it is believed. */
export function givenRequestId({[REQUEST_ID_HEADER]: given}: IncomingHttpHeaders): string {
  return typeof given === 'string' ? given : newRequestId();
}

/** Must come before every hook that may refuse a request: its refusal has the header too. */
export function useRequestId(app: App): void {
  app.addHook('onRequest', async ({id, routeOptions}, reply) => {
    reply.header(REQUEST_ID_HEADER, id);
    if (routeOptions.config.errors === 'anthropic') reply.header(ANTHROPIC_HEADER, id);
  });
}
