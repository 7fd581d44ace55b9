// POST /v1/fim/completions, Mistral's fill-in-the-middle: the reply has the shape of a chat completion.

import {z} from 'zod';
import {parseJson} from '../../base/json.ts';
import {readFimRequest} from '../../engine/wire/read-request.ts';
import {samplingFields} from '../body/sampling-schema.ts';
import {ChunkWriter, chatCompletion, type ReplyOptions} from '../reply/chat-reply.ts';
import {
  ChatCompletionChunkSchema,
  ChatCompletionSchema,
  generationErrors,
  jsonOrStream,
} from '../reply/reply-schemas.ts';
import type {App} from '../route.ts';
import {answers, type Start, streamAnswers} from '../run-generations.ts';
import type {Service} from '../service.ts';

const FimRequestSchema = z.object({
  model: z.string().nullish().describe('any name; the loaded model answers'),
  prompt: z.string().describe('the code before the gap'),
  suffix: z.string().nullish().describe('the code after it'),
  stream: z.boolean().nullish(),
  min_tokens: z.int().min(0).nullish().describe('accepted and ignored: an answer ends where the model ends it'),
  ...samplingFields,
});

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
    },
    async ({body, bodyText}, reply) => {
      // Fill-in-the-middle wants the likeliest code, whatever the chat's temperature is.
      const sampling = {...service.options.defaults, temperature: 0};
      const {request} = readFimRequest(parseJson(bodyText), {dialect: 'lenient', sampling});
      const start: Start = ({backend, signal}) => backend.fim(request, signal);
      const {model} = service.backend;
      const options: ReplyOptions = {model: model.id, reasoning: 'field', logprobsOf: undefined, usage: 'finish'};
      if (body.stream) return streamAnswers(service, reply, 1, start, new ChunkWriter(options));
      return chatCompletion(await answers(service, reply, 1, start), options);
    },
  );
}
