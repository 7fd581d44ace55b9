// POST /v1/chat/completions: one route for the clients of OpenAI and Mistral.

import {EngineError} from '../../base/errors.ts';
import type {Backend, GenerationEvent} from '../../engine/contract/backend.ts';
import {schemaNotes} from '../../engine/template/encode/answer-grammar.ts';
import {ChatRequestSchema} from '../body/chat-schema.ts';
import {type ChatCall, readChat} from '../body/read-chat.ts';
import {ChunkWriter, chatCompletion, type ReplyOptions} from '../reply/chat-reply.ts';
import {
  ChatCompletionChunkSchema,
  ChatCompletionSchema,
  generationErrors,
  jsonOrStream,
} from '../reply/reply-schemas.ts';
import {tell} from '../reply/told.ts';
import type {App} from '../route.ts';
import {answers, cutShort, nthSampling, type StartGeneration, streamAnswers} from '../run-generations.ts';
import type {Service} from '../service.ts';

function replyOptions({logprobs, reasoning, usage}: ChatCall, {model, tokenizer}: Backend): ReplyOptions {
  if (logprobs && !tokenizer) {
    throw new EngineError('unsupported', 'this backend gives no log-probabilities', {param: 'logprobs'});
  }
  return {model: model.id, reasoning, logprobsOf: logprobs ? tokenizer : undefined, usage};
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
      config: {fields: 'chat', warns: true},
    },
    async ({json}, reply) => {
      const {backend, defaults} = service;
      const call = readChat(json, defaults);
      const {request, n} = call;
      const options = replyOptions(call, backend);
      tell(reply, ...schemaNotes(request));
      const start: StartGeneration = ({backend, signal}, index) => {
        const one = {...request, sampling: nthSampling(request.sampling, index)};
        if (call.parallelCalls) return backend.chat(one, signal);
        const isCall = ({type}: GenerationEvent) => type === 'tool_call';
        return cutShort((own) => backend.chat(one, own), signal, isCall, 'tool_calls');
      };
      if (call.stream) return streamAnswers(service, reply, n, start, new ChunkWriter(options));
      return chatCompletion(await answers(service, reply, n, start), options);
    },
  );
}
