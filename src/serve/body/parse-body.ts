// Reads a request body as JSON whatever its content type says: curl -d sends a form type, editors send none.
import type {FastifyInstance, FastifyRequest} from 'fastify';
import type {z} from 'zod';
import {inTurns, type Steps} from '../../base/in-turns.ts';
import {isJsonObject, type Json, JsonError, jsonSteps} from '../../base/json.ts';
import {stillThere} from '../http/still-there.ts';
import {HttpError, ValidationError} from '../http-error.ts';
import {shapeSteps} from './check-shape.ts';

/** Deeper than any tool schema; more would overflow the stack of whoever walks it. */
const MAX_DEPTH = 128;

/**
 * Lists and objects of a body: what reads them takes microseconds for each. Ten thousand messages with a list of parts each
 * are below it.
 */
const MAX_NESTED = 50_000;

/** Members of a body. No dialect has half as many fields, and whatever walks through the body walks through all of them. */
const MAX_MEMBERS = 500;

/**
 * The document a body is, with the order of its members and its numbers as they were written.
 * @throws HttpError 400: not UTF-8 (`invalid_utf8`), nested too deeply, of too many parts, or not JSON (`invalid_json`).
 */
export function* bodySteps(bytes: Uint8Array): Steps<Json> {
  let text: string;
  try {
    text = new TextDecoder('utf-8', {fatal: true}).decode(bytes);
  } catch {
    throw new HttpError(400, 'the request body is not valid UTF-8', {code: 'invalid_utf8'});
  }
  try {
    return yield* jsonSteps(text, {maxDepth: MAX_DEPTH, maxNested: MAX_NESTED, nonFinite: false});
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    throw new HttpError(400, `the request body ${TOO_MUCH[error.kind] ?? `is not JSON: ${error.reason}`}`, {
      code: 'invalid_json',
    });
  }
}

const TOO_MUCH: Readonly<Record<string, string>> = {
  depth: `nests deeper than ${MAX_DEPTH} levels`,
  size: `has more than ${MAX_NESTED} messages, parts and other lists or objects`,
};

/** Makes `app` read every body once, in turns with what else it does: the document stays on the request for the readers. */
export function useBodyParser(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.decorateRequest('json', null);
  // Fastify refuses a type it cannot parse; every body is JSON here, whatever it calls itself.
  app.addHook('onRequest', async ({raw}) => {
    // A preflight has no body.
    if (raw.method !== 'OPTIONS') raw.headers['content-type'] = 'application/json';
  });
  app.addContentTypeParser('application/json', {parseAs: 'buffer'}, async (request: FastifyRequest, body: Buffer) => {
    request.json = await inTurns(bodySteps(body), stillThere(request));
  });
}

/** Has every body checked by the schema of its route before anything looks at it. */
export function useBodyCheck(app: FastifyInstance): void {
  app.addHook('preValidation', async (request) => {
    const {json} = request;
    const schema = request.routeOptions.schema?.body as z.ZodType | undefined;
    if (!schema) return;
    if (isJsonObject(json) && json.size > MAX_MEMBERS) {
      throw new HttpError(400, `the request body has ${json.size} members; ${MAX_MEMBERS} are looked at`, {
        code: 'invalid_value',
      });
    }
    const issues = await inTurns(shapeSteps(schema, json), stillThere(request));
    if (issues.length > 0) throw new ValidationError(issues);
  });
}
