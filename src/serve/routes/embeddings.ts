// The embeddings routes: a generating model gives none, and says so clearly.

import {HttpError} from '../http-error.ts';
import {ErrorSchema, errors} from '../reply/reply-schemas.ts';
import type {App} from '../route.ts';

export function addEmbeddings(app: App): void {
  for (const url of ['/v1/embeddings', '/embeddings', '/embedding']) {
    app.post(
      url,
      {
        schema: {
          tags: ['OpenAI and Mistral'],
          summary: 'Not available: the model generates text',
          response: errors(ErrorSchema, 400, 401, 403, 413, 415),
        },
      },
      async () => {
        // Not 501: OpenAI's clients ask twice more, with pauses, after every 5xx.
        throw new HttpError(400, 'this server gives no embeddings; ask an embedding model for them', {
          code: 'unsupported',
        });
      },
    );
  }
}
