// POST /v1/chat/completions: one route for the clients of OpenAI and Mistral.

import {EngineError} from '../../base/errors.ts';
import {inTurns} from '../../base/in-turns.ts';
import type {Backend} from '../../engine/contract/backend.ts';
import {schemaNotes} from '../../engine/template/encode/answer-grammar.ts';
import {ChatRequestSchema} from '../body/chat-schema.ts';
import {type ChatCall, readChat} from '../body/read-chat.ts';
import {passedOver} from '../dialects/dialect-call.ts';
import {ChunkWriter, chatCompletion, type ReplyOptions} from '../reply/chat-reply.ts';
import {countTokens} from '../reply/count-tokens.ts';
import {
  ChatCompletionChunkSchema,
  ChatCompletionSchema,
  ErrorSchema,
  errors,
  generationErrors,
  InputTokensSchema,
  jsonOrStream,
} from '../reply/reply-schemas.ts';
import {fingerprintOf} from '../reply/system-fingerprint.ts';
import {tell} from '../reply/told.ts';
import type {App} from '../route.ts';
import {answers, chatGeneration, nthSampling, type StartGeneration, streamAnswers} from '../run-generations.ts';
import type {Service} from '../service.ts';

function replyOptions(call: ChatCall, {model, tokenizer}: Backend, build: string | undefined): ReplyOptions {
  const {logprobs, reasoning, usage, tokenIds, idsAsTokens, timingsPerToken, progress} = call;
  if (logprobs && !tokenizer) {
    throw new EngineError('unsupported', 'this backend gives no log-probabilities', {param: 'logprobs'});
  }
  if (tokenIds && !tokenizer) {
    throw new EngineError('unsupported', 'this backend tells no token ids', {param: 'return_token_ids'});
  }
  return {
    model: model.id,
    fingerprint: fingerprintOf(model, build),
    reasoning,
    logprobsOf: logprobs ? tokenizer : undefined,
    usage,
    tokenIds,
    idsAsTokens,
    timingsPerToken,
    progress,
  };
}

/** llama-server serves its routes of OpenAI's also without the /v1. */
const PREFIXES = ['/v1', ''];

export function addChat(app: App, service: Service): void {
  for (const prefix of PREFIXES) {
    app.post(
      `${prefix}/chat/completions`,
      {
        schema: {
          tags: ['OpenAI and Mistral'],
          summary: 'Answer a conversation: text, tool calls, JSON by schema; whole or streamed',
          body: ChatRequestSchema,
          response: {200: jsonOrStream(ChatCompletionSchema, ChatCompletionChunkSchema), ...generationErrors()},
        },
        config: {fields: 'chat', warns: true},
      },
      async ({json}, reply) => {
        const {backend, defaults} = service;
        const call = readChat(json, defaults);
        const {n} = call;
        service.checkChoices(n, 'n');
        const {request, told} = passedOver(call.request, backend.model);
        const options = replyOptions(call, backend, service.options.build);
        tell(reply, ...told, ...(await inTurns(schemaNotes(request))));
        const start: StartGeneration = (run, index) =>
          chatGeneration(run, {...request, sampling: nthSampling(request.sampling, index)}, call.parallelCalls);
        if (call.stream) return streamAnswers(service, reply, n, start, new ChunkWriter(options));
        return chatCompletion(await answers(service, reply, n, start), options);
      },
    );
    app.post(
      `${prefix}/chat/completions/input_tokens`,
      {
        schema: {
          tags: ['OpenAI and Mistral'],
          summary: 'The length of the prompt that a chat request makes',
          body: ChatRequestSchema,
          response: {200: InputTokensSchema, ...errors(ErrorSchema, 400, 401, 403, 413, 503)},
        },
        config: {fields: 'chat', countsOnly: true},
      },
      async (asked) => {
        const {request} = passedOver(readChat(asked.json, service.defaults).request, service.backend.model);
        return {
          object: 'response.input_tokens' as const,
          input_tokens: await countTokens(asked, service.backend, request),
        };
      },
    );
  }
}
