// POST /predict of the Truss chat: a bare JSON string, or the text itself as it is generated.

import {z} from 'zod';
import {fromPlain} from '../../base/json.ts';
import type {ChatCompletionRequest} from '../../engine/contract/requests.ts';
import type {SamplingParams} from '../../engine/contract/sampling.ts';
import {rowOf} from '../../engine/contract/sampling-table.ts';
import {chatMessages} from '../body/chat-request.ts';
import {ChatRequestSchema} from '../body/chat-schema.ts';
import {numberField, samplingParams} from '../body/sampling-schema.ts';
import {isUnforeseen, toHttpError} from '../http-error.ts';
import {RAW_TEXT} from '../reply/event-stream.ts';
import {generationErrors} from '../reply/reply-schemas.ts';
import type {App} from '../route.ts';
import {answers} from '../run-generations.ts';
import type {Service} from '../service.ts';

/** The original's defaults; its README names the cap max_tokens, its code read max_new_tokens only. */
const DEFAULTS: SamplingParams = {
  maxTokens: 512,
  temperature: 1,
  topP: 0.95,
  topK: 50,
  repeatPenalty: 1,
  noRepeatNgramSize: 0,
};
const NAMES = {maxTokens: ['max_new_tokens', 'max_tokens']};
/** The original's limit, too. */
const maxTokens = numberField({...rowOf('maxTokens'), wireRange: {integer: true, min: 0, max: 4096}});

const {messages, temperature, top_p, top_k, repetition_penalty, no_repeat_ngram_size} = ChatRequestSchema.shape;

const RequestSchema = z.object({
  messages,
  stream: z.boolean().nullish().describe('the text itself, without any framing'),
  max_tokens: maxTokens,
  max_new_tokens: maxTokens,
  temperature,
  top_p,
  top_k,
  repetition_penalty,
  no_repeat_ngram_size,
  do_sample: z.boolean().nullish().describe('false takes the most likely token every time'),
  use_cache: z.boolean().nullish().describe('accepted; the cache is always used'),
});

function predictRequest(body: z.infer<typeof RequestSchema>, text: string): ChatCompletionRequest {
  const {messages: _, stream, do_sample, use_cache, ...fields} = body;
  const sampling = samplingParams(fromPlain(fields), DEFAULTS, NAMES);
  return {
    messages: chatMessages(text),
    sampling: do_sample === false ? {...sampling, temperature: 0} : sampling,
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
