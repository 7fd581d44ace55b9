// POST /v1/messages and /v1/messages/count_tokens: what Claude Code and Anthropic's clients speak.

import {countTokens} from '../../reply/count-tokens.ts';
import {errors, jsonOrStream, MessageErrorSchema} from '../../reply/reply-schemas.ts';
import type {App} from '../../route.ts';
import type {Service} from '../../service.ts';
import {answerDialect} from '../answer-dialect.ts';
import {fittedTo} from '../dialect-call.ts';
import {MessageEventSchema, MessageReplySchema, MessagesRequestSchema, TokenCountSchema} from './messages-schema.ts';
import {MESSAGES_FRAMING, MessagesWriter} from './messages-writer.ts';
import {readMessageRequest} from './read-message-request.ts';

const config = {errors: 'anthropic', fields: 'messages'} as const;

export function addMessages(app: App, service: Service): void {
  app.post(
    '/v1/messages',
    {
      schema: {
        tags: ['Anthropic'],
        summary: 'Answer a conversation in the form of Messages',
        body: MessagesRequestSchema,
        response: {
          200: jsonOrStream(MessageReplySchema, MessageEventSchema),
          ...errors(MessageErrorSchema, 400, 401, 403, 413, 429, 500, 502, 529),
        },
      },
      config,
    },
    async ({json, id}, reply) => {
      const {backend, defaults} = service;
      const call = fittedTo(readMessageRequest(json, defaults), backend.model);
      const writer = new MessagesWriter({model: call.model ?? backend.model.id, names: call.names, requestId: id});
      return answerDialect(service, reply, call, writer, MESSAGES_FRAMING);
    },
  );
  app.post(
    '/v1/messages/count_tokens',
    {
      schema: {
        tags: ['Anthropic'],
        summary: 'The length of the prompt that a Messages request makes',
        body: MessagesRequestSchema,
        response: {200: TokenCountSchema, ...errors(MessageErrorSchema, 400, 401, 403, 413, 500, 529)},
      },
      config: {...config, countsOnly: true},
    },
    async (asked) => {
      const {backend, defaults} = service;
      const {request} = fittedTo(readMessageRequest(asked.json, defaults), backend.model);
      return {input_tokens: await countTokens(asked, backend, request)};
    },
  );
}
