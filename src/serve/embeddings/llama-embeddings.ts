// POST /embedding and /embeddings, as llama-server's own clients call them: a list, each with a list of vectors, which would
// have one for each token if nothing pooled them.
import {z} from 'zod';
import {generationErrors, LlamaErrorSchema} from '../reply/reply-schemas.ts';
import type {App} from '../route.ts';
import type {Service} from '../service.ts';
import {embedTexts} from './embed-texts.ts';
import {LlamaEmbeddingsRequestSchema, readLlamaEmbeddings} from './read-embeddings.ts';

const LlamaEmbeddingsSchema = z.array(z.object({index: z.int(), embedding: z.array(z.array(z.number()))}));

export function addLlamaEmbeddings(app: App, service: Service): void {
  for (const url of ['/embedding', '/embeddings']) {
    app.post(
      url,
      {
        schema: {
          tags: ['llama.cpp'],
          summary: 'Texts as vectors of length 1, in the shape of llama-server',
          body: LlamaEmbeddingsRequestSchema,
          response: {200: LlamaEmbeddingsSchema, ...generationErrors(LlamaErrorSchema)},
        },
        config: {errors: 'llama', fields: 'llama'},
      },
      async ({json}, reply) => {
        const {inputs, param} = readLlamaEmbeddings(json);
        const {vectors} = await embedTexts(service, reply, inputs, param);
        return vectors.map((vector, index) => ({index, embedding: [[...vector]]}));
      },
    );
  }
}
