// POST /v1/responses and /v1/responses/input_tokens, with and without /v1: what Codex and OpenAI's newer clients speak.
import {EngineError} from '../../../base/errors.ts';
import {countTokens} from '../../reply/count-tokens.ts';
import {ErrorSchema, errors, generationErrors, InputTokensSchema, jsonOrStream} from '../../reply/reply-schemas.ts';
import type {App} from '../../route.ts';
import type {Service} from '../../service.ts';
import {answerDialect} from '../answer-dialect.ts';
import {fittedTo} from '../dialect-call.ts';
import {readResponses} from './read-responses.ts';
import {ResponseEventSchema, ResponseSchema, ResponsesRequestSchema} from './responses-schema.ts';
import {RESPONSES_FRAMING, ResponsesWriter} from './responses-writer.ts';

export function addResponses(app: App, service: Service): void {
  for (const prefix of ['/v1', '']) {
    app.post(
      `${prefix}/responses`,
      {
        schema: {
          tags: ['OpenAI and Mistral'],
          summary: 'Answer a conversation in the form of Responses; nothing is kept between requests',
          body: ResponsesRequestSchema,
          response: {200: jsonOrStream(ResponseSchema, ResponseEventSchema), ...generationErrors()},
        },
        config: {errors: 'responses', fields: 'responses'},
      },
      async ({json}, reply) => {
        const {backend, defaults} = service;
        const call = fittedTo(readResponses(json, defaults), backend.model);
        if (call.logprobs && !backend.tokenizer) {
          throw new EngineError('unsupported', 'this backend gives no log-probabilities', {param: 'top_logprobs'});
        }
        const options = {model: call.model ?? backend.model.id, tokenizer: backend.tokenizer, now: Date.now};
        return answerDialect(service, reply, call, new ResponsesWriter(call, options), RESPONSES_FRAMING);
      },
    );
    app.post(
      `${prefix}/responses/input_tokens`,
      {
        schema: {
          tags: ['OpenAI and Mistral'],
          summary: 'The length of the prompt that a Responses request makes',
          body: ResponsesRequestSchema,
          response: {200: InputTokensSchema, ...errors(ErrorSchema, 400, 401, 403, 413, 503)},
        },
        config: {errors: 'responses', fields: 'responses', countsOnly: true},
      },
      async (asked) => {
        const {request} = fittedTo(readResponses(asked.json, service.defaults), service.backend.model);
        return {
          object: 'response.input_tokens' as const,
          input_tokens: await countTokens(asked, service.backend, request),
        };
      },
    );
  }
}
