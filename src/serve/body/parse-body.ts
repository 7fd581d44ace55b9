// Reads a request body as JSON whatever its content type says: curl -d sends a form type, editors send none.
import type {FastifyInstance} from 'fastify';
import {type Json, JsonError, parseJson, toPlain} from '../../base/json.ts';
import {HttpError} from '../http-error.ts';

/** Deeper than any tool schema; more would overflow the stack of whoever walks it. */
const MAX_DEPTH = 128;

/**
 * The document a body is, with the order of its members and its numbers as they were written.
 * @throws HttpError 400: not UTF-8 (`invalid_utf8`), nested too deeply or not JSON (`invalid_json`).
 */
export function parseBody(bytes: Uint8Array): Json {
  let text: string;
  try {
    text = new TextDecoder('utf-8', {fatal: true}).decode(bytes);
  } catch {
    throw new HttpError(400, 'the request body is not valid UTF-8', {code: 'invalid_utf8'});
  }
  try {
    return parseJson(text, {maxDepth: MAX_DEPTH, nonFinite: false});
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    const what = error.kind === 'depth' ? `nests deeper than ${MAX_DEPTH} levels` : `is not JSON: ${error.reason}`;
    throw new HttpError(400, `the request body ${what}`, {code: 'invalid_json'});
  }
}

/**
 * Makes `app` read every body with `parseBody`, once: the document stays on the request for the readers, and a plain
 * copy is what the schema of the route checks.
 */
export function useBodyParser(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.decorateRequest('json', null);
  // Fastify refuses a type it cannot parse; every body is JSON here, whatever it calls itself.
  app.addHook('onRequest', async ({raw}) => {
    // A preflight has no body.
    if (raw.method !== 'OPTIONS') raw.headers['content-type'] = 'application/json';
  });
  app.addContentTypeParser('application/json', {parseAs: 'buffer'}, (request, body, done) => {
    try {
      request.json = parseBody(body as Buffer);
      done(null, toPlain(request.json));
    } catch (error) {
      done(error as HttpError);
    }
  });
}
