// POST /infer and GET / of mistral-docker-api: a chat completion wrapped in {"resp": …}.

import {z} from 'zod';
import {ChunkWriter, chatCompletion, type ReplyOptions} from '../reply/chat-reply.ts';
import {
  ChatCompletionChunkSchema,
  ChatCompletionSchema,
  errors,
  FastApiErrorSchema,
  jsonOrStream,
} from '../reply/reply-schemas.ts';
import {fingerprintOf} from '../reply/system-fingerprint.ts';
import type {App} from '../route.ts';
import {answers, type StartGeneration, streamAnswers} from '../run-generations.ts';
import type {Service} from '../service.ts';
import {InferRequestSchema, readInfer} from './read-predict.ts';

export function addInfer(app: App, service: Service): void {
  app.get(
    '/',
    {
      schema: {
        tags: ['mistral-docker-api'],
        summary: 'A greeting',
        response: {200: z.object({Hello: z.literal('World')}), ...errors(FastApiErrorSchema, 401, 403)},
      },
      // claude-code and the ollama program ask HEAD / before anything else, and without a key.
      config: {errors: 'fastapi', public: true},
    },
    async () => ({Hello: 'World' as const}),
  );
  app.post(
    '/infer',
    {
      schema: {
        tags: ['mistral-docker-api'],
        summary: 'Answer a conversation; stream: true, which never worked there, sends chat completion chunks',
        body: InferRequestSchema,
        response: {
          200: jsonOrStream(z.object({resp: ChatCompletionSchema}), ChatCompletionChunkSchema),
          ...errors(FastApiErrorSchema, 400, 401, 403, 413, 415, 422, 429, 500, 502, 503),
        },
      },
      config: {errors: 'fastapi'},
    },
    async ({json}, reply) => {
      const {request, stream} = readInfer(json);
      const start: StartGeneration = ({backend, signal}) => backend.chat(request, signal);
      const {model} = service.backend;
      const options: ReplyOptions = {
        model: model.id,
        fingerprint: fingerprintOf(model, service.options.build),
        reasoning: 'field',
        logprobsOf: undefined,
        usage: 'finish',
      };
      if (stream) return streamAnswers(service, reply, 1, start, new ChunkWriter(options));
      return {resp: chatCompletion(await answers(service, reply, 1, start), options)};
    },
  );
}
