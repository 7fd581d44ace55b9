// POST /v1/chat/completions: one route for the clients of OpenAI and Mistral.

import {EngineError} from '../../base/errors.ts';
import type {GenerationEvent} from '../../engine/contract/backend.ts';
import {schemaNotes} from '../../engine/template/encode/answer-grammar.ts';
import {chatRequest} from '../body/chat-request.ts';
import {type ChatBody, ChatRequestSchema} from '../body/chat-schema.ts';
import {ChunkWriter, chatCompletion, type ReplyOptions, usagePlace} from '../reply/chat-reply.ts';
import {
  ChatCompletionChunkSchema,
  ChatCompletionSchema,
  generationErrors,
  jsonOrStream,
} from '../reply/reply-schemas.ts';
import type {App} from '../route.ts';
import {answers, cutShort, nthSampling, type Start, streamAnswers} from '../run-generations.ts';
import type {Service} from '../service.ts';

function replyOptions(body: ChatBody, {backend}: Service): ReplyOptions {
  if (body.top_logprobs && !body.logprobs) {
    throw new EngineError('invalid_request', "'top_logprobs' needs 'logprobs': true", {param: 'top_logprobs'});
  }
  if (body.logprobs && !backend.tokenizer) {
    throw new EngineError('unsupported', 'this backend gives no log-probabilities', {param: 'logprobs'});
  }
  return {
    model: backend.model.id,
    reasoning: body.prompt_mode === 'reasoning' ? 'chunks' : 'field',
    logprobsOf: body.logprobs ? backend.tokenizer : undefined,
    usage: usagePlace(body.stream_options),
  };
}

export function addChat(app: App, service: Service): void {
  app.post(
    '/v1/chat/completions',
    {
      schema: {
        tags: ['OpenAI and Mistral'],
        summary: 'Answer a conversation: text, tool calls, JSON by schema; whole or streamed',
        body: ChatRequestSchema,
        response: {200: jsonOrStream(ChatCompletionSchema, ChatCompletionChunkSchema), ...generationErrors()},
      },
    },
    async ({body, bodyText, log}, reply) => {
      const options = replyOptions(body, service);
      const request = chatRequest(body, bodyText, service.options.defaults);
      const notes = schemaNotes(request);
      if (notes.length > 0) log.warn({notes}, 'the schemas of a request ask for more than is enforced');
      const start: Start = ({backend, signal}, index) => {
        const one = {...request, sampling: nthSampling(request.sampling, index)};
        if (body.parallel_tool_calls !== false) return backend.chat(one, signal);
        const isCall = ({type}: GenerationEvent) => type === 'tool_call';
        return cutShort((own) => backend.chat(one, own), signal, isCall, 'tool_calls');
      };
      const n = body.n ?? 1;
      if (body.stream) return streamAnswers(service, reply, n, start, new ChunkWriter(options));
      return chatCompletion(await answers(service, reply, n, start), options);
    },
  );
}
