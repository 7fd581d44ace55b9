// The OpenAPI document at /openapi.json, generated from the routes' schemas, and a page at /docs to read it.

import swagger from '@fastify/swagger';
import {jsonSchemaTransform} from 'fastify-type-provider-zod';
import {docsPage, type OpenApiDocument} from './docs-page.ts';
import type {App} from './route.ts';

const DESCRIPTION = `One Mistral model behind the protocols of OpenAI, Mistral and llama.cpp.
Fields a route does not know are ignored and told; a known field of a wrong type is refused.`;

/** Must be called before the routes are added: the document is collected from them. */
export async function useOpenApi(app: App, needsKey: boolean): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {title: 'mistral serve', description: DESCRIPTION, version: '1'},
      components: {securitySchemes: {key: {type: 'http', scheme: 'bearer'}}},
      security: needsKey ? [{key: []}] : [{key: []}, {}],
    },
    transform: jsonSchemaTransform,
  });
  app.get('/openapi.json', {schema: {hide: true}, config: {public: true}}, async () => app.swagger());
  app.get('/docs', {schema: {hide: true}, config: {public: true}}, async (_request, reply) => {
    reply.type('text/html; charset=utf-8');
    return reply.send(docsPage(app.swagger() as OpenApiDocument));
  });
}
