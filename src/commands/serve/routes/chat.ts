// POST /v1/chat/completions: one route for the clients of OpenAI and Mistral.
import type {GenerationEvent} from '../../../engine/backend.ts';
import {EngineError} from '../../../engine/errors.ts';
import type {App} from '../app.ts';
import {ChunkWriter, chatCompletion, type ReplyOptions, usagePlace} from '../chat-reply.ts';
import {chatRequest} from '../chat-request.ts';
import {type ChatBody, ChatRequestSchema} from '../chat-schema.ts';
import {answers, nthSampling, type Start, streamAnswers} from '../generate.ts';
import {ChatCompletionChunkSchema, ChatCompletionSchema, generationErrors, jsonOrStream} from '../schemas.ts';
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

/** Ends a generation after its first tool call: `parallel_tool_calls: false`. */
async function* firstCallOnly(start: (signal: AbortSignal) => AsyncIterable<GenerationEvent>, signal: AbortSignal) {
  const enough = new AbortController();
  const onAbort = () => enough.abort(signal.reason);
  signal.addEventListener('abort', onAbort);
  try {
    let called = false;
    for await (const event of start(enough.signal)) {
      if (event.type === 'finish' && event.reason === 'aborted' && called)
        yield {...event, reason: 'tool_calls'} as const;
      else if (!called || event.type === 'finish') yield event;
      if (event.type !== 'tool_call') continue;
      called = true;
      enough.abort();
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
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
    async ({body, bodyText}, reply) => {
      const options = replyOptions(body, service);
      const request = chatRequest(body, bodyText, service.options.defaults);
      const start: Start = ({backend, signal}, index) => {
        const one = {...request, sampling: nthSampling(request.sampling, index)};
        if (body.parallel_tool_calls !== false) return backend.chat(one, signal);
        return firstCallOnly((own) => backend.chat(one, own), signal);
      };
      const n = body.n ?? 1;
      if (body.stream) return streamAnswers(service, reply, n, start, new ChunkWriter(options));
      return chatCompletion(await answers(service, reply, n, start), options);
    },
  );
}
