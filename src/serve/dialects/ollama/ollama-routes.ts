// POST /api/chat and /api/generate: what Ollama's clients and many editors speak.
import type {FastifyReply} from 'fastify';
import type {z} from 'zod';
import {EngineError} from '../../../base/errors.ts';
import type {Backend, GenerationEvent} from '../../../engine/contract/backend.ts';
import {errors} from '../../reply/reply-schemas.ts';
import {tell} from '../../reply/told.ts';
import type {App} from '../../route.ts';
import type {RunningRequest, Service} from '../../service.ts';
import {answerDialect, answerEvents} from '../answer-dialect.ts';
import {fittedTo} from '../dialect-call.ts';
import {canThink} from './ollama-card.ts';
import {
  ChatLineSchema,
  GenerateLineSchema,
  OllamaChatSchema,
  OllamaErrorSchema,
  OllamaGenerateSchema,
} from './ollama-schema.ts';
import {OLLAMA_FRAMING, type OllamaReplyOptions, OllamaWriter} from './ollama-writer.ts';
import {type GenerateCall, type OllamaCall, readOllamaChat, readOllamaGenerate} from './read-ollama.ts';

const config = {errors: 'ollama', fields: 'ollama'} as const;
const refusals = errors(OllamaErrorSchema, 400, 401, 403, 413, 500, 502, 503);

/** The call for this model, with what it cannot give refused or told. */
function taken<Call extends OllamaCall>(call: Call, {model, tokenizer}: Backend): Call {
  if (call.thinks && !canThink(model)) {
    throw new EngineError('unsupported', `"${call.model ?? model.id}" does not support thinking`, {param: 'think'});
  }
  if (call.logprobs && !tokenizer) {
    throw new EngineError('unsupported', 'this backend gives no log-probabilities', {param: 'logprobs'});
  }
  const {contextSize = 0} = model;
  const isMore = contextSize > 0 && (call.context ?? 0) > contextSize;
  const note = `options.num_ctx ${call.context}: the context has ${contextSize} tokens`;
  const fitted = fittedTo(call, model);
  return isMore ? {...fitted, told: [...fitted.told, note]} : fitted;
}

function writerOf(kind: OllamaReplyOptions['kind'], call: OllamaCall, {model, tokenizer}: Backend): OllamaWriter {
  return new OllamaWriter({
    kind,
    model: call.model ?? model.id,
    names: call.names,
    showsThoughts: call.showsThoughts,
    logprobsOf: call.logprobs ? tokenizer : undefined,
    now: Date.now,
  });
}

function startText({backend, signal}: RunningRequest, call: GenerateCall): AsyncIterable<GenerationEvent> {
  const {prompt, suffix, request} = call;
  const {sampling} = request;
  return call.form === 'gap'
    ? backend.fim({prompt, suffix, sampling}, signal)
    : backend.complete({prompt, parseSpecial: true, sampling}, signal);
}

export function addOllama(app: App, service: Service): void {
  app.post(
    '/api/chat',
    {
      schema: {
        tags: ['Ollama'],
        summary: 'Answer a conversation; a line of JSON an event unless stream is false',
        body: OllamaChatSchema,
        response: {200: linesOr(ChatLineSchema), ...refusals},
      },
      config,
    },
    async ({json}, reply) => {
      const {backend, defaults} = service;
      const call = taken(readOllamaChat(json, defaults), backend);
      const writer = writerOf('chat', call, backend);
      if (call.only) return writer.state(call.only);
      return answerDialect(service, reply, call, writer, OLLAMA_FRAMING);
    },
  );
  app.post(
    '/api/generate',
    {
      schema: {
        tags: ['Ollama'],
        summary: 'Answer a prompt, continue it raw, or fill the gap before its suffix',
        body: OllamaGenerateSchema,
        response: {200: linesOr(GenerateLineSchema), ...refusals},
      },
      config,
    },
    async ({json}, reply: FastifyReply) => {
      const {backend, defaults} = service;
      const call = taken(readOllamaGenerate(json, defaults), backend);
      const writer = writerOf('generate', call, backend);
      if (call.only) return writer.state(call.only);
      if (call.form === 'template') return answerDialect(service, reply, call, writer, OLLAMA_FRAMING);
      tell(reply, ...call.told);
      const start = (run: RunningRequest) => run.watch(startText(run, call));
      return answerEvents(service, reply, call.stream, start, writer, OLLAMA_FRAMING);
    },
  );
}

const linesOr = (line: z.ZodType) => ({
  description: 'unless stream is false, lines of JSON; the last one has done: true',
  content: {'application/json': {schema: line}, 'application/x-ndjson': {schema: line}},
});
