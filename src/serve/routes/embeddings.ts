// POST /v1/embeddings: texts as vectors, by a model that writes. Its states are pooled as its file says, by their mean where
// it says nothing.
import {z} from 'zod';
import {EngineError} from '../../base/errors.ts';
import type {Embedding} from '../../engine/contract/backend.ts';
import {EmbeddingsRequestSchema, readEmbeddings} from '../body/read-tokens.ts';
import {ErrorSchema, errors, generationErrors} from '../reply/reply-schemas.ts';
import {checkTokens} from '../reply/token-ids.ts';
import type {App} from '../route.ts';
import type {Service} from '../service.ts';

const EmbeddingsSchema = z.object({
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
  for (const url of ['/v1/embeddings', '/embeddings']) {
    app.post(
      url,
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
        const {backend} = service;
        const {model, tokenizer} = backend;
        const embed = backend.embed?.bind(backend);
        if (!embed) throw noEmbeddings();
        for (const input of inputs) if (typeof input !== 'string' && tokenizer) checkTokens(input, tokenizer, 'input');
        const all = await service.run(reply, async ({signal}) => {
          const done: Embedding[] = [];
          for (const input of inputs) done.push(await embed(input, signal));
          return done;
        });
        const tokens = all.reduce((sum, one) => sum + one.tokens, 0);
        return {
          object: 'list' as const,
          model: model.id,
          data: all.map(({vector}, index) => ({
            object: 'embedding' as const,
            index,
            embedding: isBase64 ? base64Of(vector) : [...vector],
          })),
          usage: {prompt_tokens: tokens, total_tokens: tokens},
        };
      },
    );
  }
  // llama-server's own has another form, of which nothing is promised here.
  app.post(
    '/embedding',
    {
      schema: {
        tags: ['llama.cpp'],
        summary: 'Refused: see /v1/embeddings',
        response: errors(ErrorSchema, 400, 401, 403, 413, 415),
      },
    },
    async () => {
      throw new EngineError('unsupported', 'embeddings are given by /v1/embeddings');
    },
  );
}

/** Not a 501: OpenAI's clients ask twice more, with pauses, after every 5xx. */
function noEmbeddings(): EngineError {
  return new EngineError('unsupported', 'this model gives no embeddings: nobody here can look into it', {
    hint: 'A local model gives them by the native engine (mistral serve MODEL --engine native).',
  });
}

function base64Of(vector: Float32Array): string {
  const bytes = Buffer.alloc(4 * vector.length);
  for (const [at, value] of vector.entries()) bytes.writeFloatLE(value, 4 * at);
  return bytes.toString('base64');
}
