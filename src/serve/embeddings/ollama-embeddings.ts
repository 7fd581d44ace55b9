// POST /api/embed and the older /api/embeddings, as Ollama's clients call them.
import {z} from 'zod';
import {OllamaErrorSchema} from '../dialects/ollama/ollama-schema.ts';
import {errors} from '../reply/reply-schemas.ts';
import type {App} from '../route.ts';
import type {Service} from '../service.ts';
import {embedTexts} from './embed-texts.ts';
import {
  OllamaEmbeddingsRequestSchema,
  OllamaEmbedRequestSchema,
  readOllamaEmbed,
  readOllamaEmbeddings,
} from './read-embeddings.ts';

const EmbedSchema = z.object({
  model: z.string(),
  embeddings: z.array(z.array(z.number())),
  total_duration: z.int().describe('nanoseconds'),
  load_duration: z.int(),
  prompt_eval_count: z.int(),
});

const config = {errors: 'ollama', fields: 'ollama'} as const;
const refusals = errors(OllamaErrorSchema, 400, 401, 403, 413, 500, 502, 503);

export function addOllamaEmbeddings(app: App, service: Service): void {
  app.post(
    '/api/embed',
    {
      schema: {
        tags: ['Ollama'],
        summary: 'Texts as vectors of length 1: the mean of the states of their tokens',
        body: OllamaEmbedRequestSchema,
        response: {200: EmbedSchema, ...refusals},
      },
      config,
    },
    async ({json}, reply) => {
      const started = performance.now();
      const {model, texts} = readOllamaEmbed(json);
      const {vectors, tokens} = await embedTexts(service, reply, texts, 'input');
      return {
        model: model ?? service.backend.model.id,
        embeddings: vectors.map((vector) => [...vector]),
        total_duration: Math.round((performance.now() - started) * 1e6),
        // The model is loaded when the server answers.
        load_duration: 0,
        prompt_eval_count: tokens,
      };
    },
  );
  app.post(
    '/api/embeddings',
    {
      schema: {
        tags: ['Ollama'],
        summary: 'A text as a vector: the older form of /api/embed',
        body: OllamaEmbeddingsRequestSchema,
        response: {200: z.object({embedding: z.array(z.number())}), ...refusals},
      },
      config,
    },
    async ({json}, reply) => {
      const {texts} = readOllamaEmbeddings(json);
      const {vectors} = await embedTexts(service, reply, texts, 'prompt');
      return {embedding: [...(vectors[0] ?? [])]};
    },
  );
}
