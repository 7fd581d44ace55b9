// POST /predict of the Truss chat: a bare JSON string, or the text itself as it is generated.

import {z} from 'zod';
import {fromPlain} from '../../base/json.ts';
import type {ChatCompletionRequest} from '../../engine/contract/requests.ts';
import {chatMessages} from '../body/chat-request.ts';
import {ChatRequestSchema} from '../body/chat-schema.ts';
import {samplingParams} from '../body/sampling-schema.ts';
import {isUnforeseen, toHttpError} from '../http-error.ts';
import {RAW_TEXT} from '../reply/event-stream.ts';
import {generationErrors} from '../reply/reply-schemas.ts';
import type {App} from '../route.ts';
import {answers} from '../run-generations.ts';
import type {Service} from '../service.ts';

/** The original's defaults; its README names the cap max_tokens, its code read max_new_tokens only. */
const DEFAULTS = {
  max_new_tokens: 512,
  temperature: 1,
  top_p: 0.95,
  top_k: 50,
  repetition_penalty: 1,
  no_repeat_ngram_size: 0,
};
const MAX_TOKENS = 4096;

const {messages, temperature, top_p, top_k, repetition_penalty, no_repeat_ngram_size} = ChatRequestSchema.shape;

const RequestSchema = z.object({
  messages,
  stream: z.boolean().nullish().describe('the text itself, without any framing'),
  max_tokens: z.int().min(0).max(MAX_TOKENS).nullish(),
  max_new_tokens: z.int().min(0).max(MAX_TOKENS).nullish(),
  temperature,
  top_p,
  top_k,
  repetition_penalty,
  no_repeat_ngram_size,
  do_sample: z.boolean().nullish().describe('false takes the most likely token every time'),
  use_cache: z.boolean().nullish().describe('accepted; the cache is always used'),
});

function predictRequest(body: z.infer<typeof RequestSchema>, text: string): ChatCompletionRequest {
  const sampling = {
    temperature: body.do_sample === false ? 0 : (body.temperature ?? DEFAULTS.temperature),
    max_tokens: body.max_new_tokens ?? body.max_tokens ?? DEFAULTS.max_new_tokens,
    top_p: body.top_p ?? DEFAULTS.top_p,
    top_k: body.top_k ?? DEFAULTS.top_k,
    repetition_penalty: body.repetition_penalty ?? DEFAULTS.repetition_penalty,
    no_repeat_ngram_size: body.no_repeat_ngram_size ?? DEFAULTS.no_repeat_ngram_size,
  };
  return {
    messages: chatMessages(text),
    sampling: samplingParams(fromPlain(sampling), {temperature: DEFAULTS.temperature}),
  };
}

export function addPredict(app: App, service: Service): void {
  for (const url of ['/predict', '/production/predict']) {
    app.post(
      url,
      {
        schema: {
          tags: ['Truss'],
          summary: 'Answer a conversation with bare text',
          body: RequestSchema,
          response: {
            200: {content: {'application/json': {schema: z.string()}, 'text/plain': {schema: z.string()}}},
            ...generationErrors(),
          },
        },
      },
      async ({body, bodyText}, reply) => {
        const request = predictRequest(body, bodyText);
        if (!body.stream) {
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
