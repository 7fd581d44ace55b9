// POST /v1/embeddings, as OpenAI's and Mistral's clients call it.
import {randomUUID} from 'node:crypto';
import {z} from 'zod';
import {generationErrors} from '../reply/reply-schemas.ts';
import type {App} from '../route.ts';
import type {Service} from '../service.ts';
import {embedTexts} from './embed-texts.ts';
import {EmbeddingsRequestSchema, readEmbeddings} from './read-embeddings.ts';

const EmbeddingsSchema = z.object({
  id: z.string().describe("Mistral's clients take no reply without one"),
  object: z.literal('list'),
  model: z.string(),
  data: z.array(
    z.object({
      object: z.literal('embedding'),
      index: z.int(),
      embedding: z.union([z.array(z.number()), z.string()]),
    }),
  ),
  usage: z.object({prompt_tokens: z.int(), total_tokens: z.int()}),
});

export function addEmbeddings(app: App, service: Service): void {
  app.post(
    '/v1/embeddings',
    {
      schema: {
        tags: ['OpenAI and Mistral'],
        summary: 'Texts as vectors of length 1: the mean of the states of their tokens',
        body: EmbeddingsRequestSchema,
        response: {200: EmbeddingsSchema, ...generationErrors()},
      },
    },
    async ({json}, reply) => {
      const {inputs, isBase64} = readEmbeddings(json);
      const {vectors, tokens} = await embedTexts(service, reply, inputs, 'input');
      return {
        id: `embd-${randomUUID()}`,
        object: 'list' as const,
        model: service.backend.model.id,
        data: vectors.map((vector, index) => ({
          object: 'embedding' as const,
          index,
          embedding: isBase64 ? base64Of(vector) : [...vector],
        })),
        usage: {prompt_tokens: tokens, total_tokens: tokens},
      };
    },
  );
}

function base64Of(vector: Float32Array): string {
  const bytes = Buffer.alloc(4 * vector.length);
  for (const [at, value] of vector.entries()) bytes.writeFloatLE(value, 4 * at);
  return bytes.toString('base64');
}
