// POST /v1/fim/completions, Mistral's fill-in-the-middle: the reply has the shape of a chat completion.

import {inTurns} from '../../base/in-turns.ts';
import {schemaNotes} from '../../engine/template/encode/answer-grammar.ts';
import {FimRequestSchema, readFim} from '../body/read-fim.ts';
import {ChunkWriter, chatCompletion, type ReplyOptions} from '../reply/chat-reply.ts';
import {
  ChatCompletionChunkSchema,
  ChatCompletionSchema,
  generationErrors,
  jsonOrStream,
} from '../reply/reply-schemas.ts';
import {fingerprintOf} from '../reply/system-fingerprint.ts';
import {tell} from '../reply/told.ts';
import type {App} from '../route.ts';
import {answers, type StartGeneration, streamAnswers} from '../run-generations.ts';
import type {Service} from '../service.ts';

export function addFim(app: App, service: Service): void {
  app.post(
    '/v1/fim/completions',
    {
      schema: {
        tags: ['Mistral'],
        summary: 'Fill in the middle',
        body: FimRequestSchema,
        response: {200: jsonOrStream(ChatCompletionSchema, ChatCompletionChunkSchema), ...generationErrors()},
      },
      config: {fields: 'fim', warns: true},
    },
    async ({json}, reply) => {
      const {request, stream} = readFim(json, service.defaults);
      tell(reply, ...(await inTurns(schemaNotes(request))));
      const start: StartGeneration = ({backend, signal}) => backend.fim(request, signal);
      const {model} = service.backend;
      const options: ReplyOptions = {
        model: model.id,
        fingerprint: fingerprintOf(model, service.options.build),
        reasoning: 'field',
        logprobsOf: undefined,
        usage: 'finish',
      };
      if (stream) return streamAnswers(service, reply, 1, start, new ChunkWriter(options));
      return chatCompletion(await answers(service, reply, 1, start), options);
    },
  );
}
