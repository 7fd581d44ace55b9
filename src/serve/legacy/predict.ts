// POST /predict of the Truss chat: a bare JSON string, or the text itself as it is generated.

import {z} from 'zod';
import {isUnforeseen, toHttpError} from '../http-error.ts';
import {RAW_TEXT} from '../reply/event-stream.ts';
import {generationErrors} from '../reply/reply-schemas.ts';
import type {App} from '../route.ts';
import {answers} from '../run-generations.ts';
import type {Service} from '../service.ts';
import {PredictRequestSchema, readPredict} from './read-predict.ts';

export function addPredict(app: App, service: Service): void {
  for (const url of ['/predict', '/production/predict']) {
    app.post(
      url,
      {
        schema: {
          tags: ['Truss'],
          summary: 'Answer a conversation with bare text',
          body: PredictRequestSchema,
          response: {
            200: {content: {'application/json': {schema: z.string()}, 'text/plain': {schema: z.string()}}},
            ...generationErrors(),
          },
        },
      },
      async ({json}, reply) => {
        const {request, stream: isStreamed} = readPredict(json);
        if (!isStreamed) {
          const [answer] = await answers(service, reply, 1, ({backend, signal}) => backend.chat(request, signal));
          reply.type('application/json; charset=utf-8');
          return JSON.stringify(answer?.content ?? '');
        }
        return service.stream(
          reply,
          RAW_TEXT,
          async (run, stream) => {
            for await (const event of run.watch(run.backend.chat(request, run.signal))) {
              if (!stream.isOpen) stream.open();
              if (event.type === 'text') await stream.write(event.text);
            }
          },
          // Raw text has no place for an error: a connection that breaks off is one a client notices.
          async (_stream, thrown) => {
            const error = toHttpError(thrown);
            if (isUnforeseen(error, thrown)) reply.log.error({err: thrown}, error.message);
            reply.raw.destroy();
          },
        );
      },
    );
  }
}
