// Reads a request body as JSON whatever its content type says: curl -d sends a form type, editors send none.
import type {FastifyInstance} from 'fastify';
import {HttpError} from '../http-error.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The body as it came: key order and exact numbers, which JSON.parse loses, are in here. */
    bodyText: string;
  }
}

/** Deeper than any tool schema; more would overflow the stack of whoever walks it. */
const MAX_DEPTH = 128;

/** How deep brackets nest outside of strings. */
function depth(text: string): number {
  let open = 0;
  let deepest = 0;
  for (let index = 0; index < text.length; index++) {
    const char = text[index];
    if (char === '"') index = endOfString(text, index);
    else if (char === '{' || char === '[') deepest = Math.max(deepest, ++open);
    else if (char === '}' || char === ']') open--;
  }
  return deepest;
}

function endOfString(text: string, start: number): number {
  let index = start + 1;
  while (index < text.length && text[index] !== '"') index += text[index] === '\\' ? 2 : 1;
  return index;
}

/** @throws HttpError 400: not UTF-8, not JSON, nested too deeply. */
export function parseBody(bytes: Uint8Array): {text: string; value: unknown} {
  let text: string;
  try {
    text = new TextDecoder('utf-8', {fatal: true}).decode(bytes);
  } catch {
    throw new HttpError(400, 'the request body is not valid UTF-8', {code: 'invalid_utf8'});
  }
  if (depth(text) > MAX_DEPTH) {
    throw new HttpError(400, `the request body nests deeper than ${MAX_DEPTH} levels`, {code: 'invalid_json'});
  }
  try {
    return {text, value: JSON.parse(text) as unknown};
  } catch (error) {
    const reason = error instanceof Error ? error.message.slice(0, 200) : '';
    throw new HttpError(400, `the request body is not JSON: ${reason}`, {code: 'invalid_json'});
  }
}

/** Makes `app` read every body with `parseBody` and keep its text on the request. */
export function useBodyParser(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.decorateRequest('bodyText', '');
  // Fastify refuses a type it cannot parse; every body is JSON here, whatever it calls itself.
  app.addHook('onRequest', async ({raw}) => {
    raw.headers['content-type'] = 'application/json';
  });
  app.addContentTypeParser('application/json', {parseAs: 'buffer'}, (request, body, done) => {
    try {
      const {text, value} = parseBody(body as Buffer);
      request.bodyText = text;
      done(null, value);
    } catch (error) {
      done(error as HttpError);
    }
  });
}
