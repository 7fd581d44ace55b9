// POST /v1/engines/completions of the Codestral Mamba server: the prompt is one user message of a chat.

import {z} from 'zod';
import {EngineError} from '../../base/errors.ts';
import {fromPlain} from '../../base/json.ts';
import type {ChatCompletionRequest} from '../../engine/contract/requests.ts';
import {samplingFields, samplingParams} from '../body/sampling-schema.ts';
import {replyHead} from '../reply/chat-reply.ts';
import {CompletionSchema, errors, FastApiErrorSchema} from '../reply/reply-schemas.ts';
import {wireReason, wireUsage} from '../reply/usage.ts';
import type {App} from '../route.ts';
import {answers} from '../run-generations.ts';
import type {Service} from '../service.ts';

const {max_tokens, temperature} = samplingFields;

const RequestSchema = z.object({
  model: z.string().describe('echoed in the reply'),
  prompt: z.string(),
  max_tokens,
  temperature,
  dtype: z.enum(['float16', 'float32', 'bfloat16']).nullish().describe('accepted; the model file decides'),
});

export function addEnginesCompletions(app: App, service: Service): void {
  app.post(
    '/v1/engines/completions',
    {
      schema: {
        tags: ['Codestral Mamba server'],
        summary: 'Answer one prompt, as one user message',
        body: RequestSchema,
        response: {
          200: CompletionSchema,
          ...errors(FastApiErrorSchema, 400, 401, 403, 413, 422, 429, 500, 502, 503),
        },
      },
      config: {errors: 'fastapi'},
    },
    async ({body}, reply) => {
      const {max_tokens, temperature} = body;
      const request: ChatCompletionRequest = {
        messages: [{role: 'user', content: body.prompt}],
        sampling: samplingParams(fromPlain({max_tokens, temperature}), service.options.seedDefaults),
      };
      const [answer] = await answers(service, reply, 1, ({backend, signal}) => backend.chat(request, signal));
      if (!answer) throw new EngineError('internal', 'there is no answer');
      return {
        ...replyHead('cmpl', body.model),
        object: 'text_completion' as const,
        choices: [
          // The original said "stop" whatever happened.
          {text: answer.content, index: 0, logprobs: null, finish_reason: wireReason(answer.finish.reason)},
        ],
        usage: wireUsage(answer.finish.usage),
      };
    },
  );
}
