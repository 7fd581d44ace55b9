// POST /v1/engines/completions of the Codestral Mamba server: the prompt is one user message of a chat.

import {EngineError} from '../../base/errors.ts';
import {replyHead} from '../reply/chat-reply.ts';
import {CompletionSchema, errors, FastApiErrorSchema} from '../reply/reply-schemas.ts';
import {fingerprintOf} from '../reply/system-fingerprint.ts';
import {wireReason, wireUsage} from '../reply/usage.ts';
import type {App} from '../route.ts';
import {answers} from '../run-generations.ts';
import type {Service} from '../service.ts';
import {EnginesRequestSchema, readEngines} from './read-predict.ts';

export function addEnginesCompletions(app: App, service: Service): void {
  app.post(
    '/v1/engines/completions',
    {
      schema: {
        tags: ['Codestral Mamba server'],
        summary: 'Answer one prompt, as one user message',
        body: EnginesRequestSchema,
        response: {
          200: CompletionSchema,
          ...errors(FastApiErrorSchema, 400, 401, 403, 413, 415, 422, 429, 500, 502, 503),
        },
      },
      config: {errors: 'fastapi'},
    },
    async ({json}, reply) => {
      const {model, request} = readEngines(json, service.options.seedDefaults);
      const [answer] = await answers(service, reply, 1, ({backend, signal}) => backend.chat(request, signal));
      if (!answer) throw new EngineError('internal', 'there is no answer');
      return {
        ...replyHead('cmpl', {model, fingerprint: fingerprintOf(service.backend.model, service.options.build)}),
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
