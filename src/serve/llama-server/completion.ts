// POST /completion and /infill, as llama-server's own clients (llama.vscode, Continue) call them.

import type {FastifyReply} from 'fastify';
import {z} from 'zod';
import {EngineError} from '../../base/errors.ts';
import {fromPlain, type Json, parseJson} from '../../base/json.ts';
import type {Backend, GenerationEvent} from '../../engine/contract/backend.ts';
import {collectAnswer} from '../../engine/contract/collect-answer.ts';
import type {Token} from '../../engine/contract/requests.ts';
import type {SamplingParams} from '../../engine/contract/sampling.ts';
import {BIAS} from '../../engine/contract/sampling-table.ts';
import {samplingParams, withMembers} from '../body/sampling-schema.ts';
import {SSE} from '../reply/event-stream.ts';
import {generationErrors, jsonOrStream, LlamaErrorSchema} from '../reply/reply-schemas.ts';
import {checkTokens} from '../reply/token-ids.ts';
import type {App} from '../route.ts';
import {cutShort, nthSampling, sendFailure} from '../run-generations.ts';
import type {Run, Service} from '../service.ts';
import {fitInfill} from './infill.ts';
import {LlamaChunkWriter, type LlamaReplyOptions, llamaCompletion} from './reply.ts';
import {
  CompletionRequestSchema,
  InfillRequestSchema,
  LlamaCompletionSchema,
  type LlamaFields,
  PartSchema,
  type PromptSchema,
} from './schema.ts';

const NAMES = {maxTokens: ['n_predict', 'max_tokens']};

/** llama.cpp's bias has false for never and may be a list of pairs. */
function logitBias(bias: LlamaFields['logit_bias']): Json | undefined {
  if (!bias) return undefined;
  const pairs = Array.isArray(bias) ? bias : Object.entries(bias);
  const clamp = (value: number | false) => (value === false ? BIAS.min : Math.max(BIAS.min, Math.min(BIAS.max, value)));
  return new Map(pairs.map(([id, value]) => [String(id), fromPlain(clamp(value))]));
}

function sampling(fields: LlamaFields, text: string, service: Service): SamplingParams {
  const body = withMembers(parseJson(text), {logit_bias: logitBias(fields.logit_bias)});
  const {defaults} = service.options;
  const wantsTokens = fields.n_probs || fields.return_tokens;
  return {...samplingParams(body, defaults, NAMES), ...(wantsTokens && {topLogprobs: fields.n_probs ?? 0})};
}

/** True once a generation has run for `limitMs` since its first text and has finished a line: llama-server's rule. */
function timeIsUp(limitMs: number): (event: GenerationEvent) => boolean {
  let first: number | undefined;
  let hasLine = false;
  return (event) => {
    if (event.type !== 'text') return false;
    first ??= performance.now();
    hasLine ||= event.text.includes('\n');
    return hasLine && performance.now() - first > limitMs;
  };
}

/** A prompt of texts and ids as one list of ids; llama-server mixes them. */
function promptOf(prompt: z.infer<typeof PromptSchema>, {tokenizer}: Backend): string | readonly Token[] {
  if (typeof prompt === 'string') return prompt;
  if (tokenizer)
    checkTokens(
      prompt.filter((one) => typeof one === 'number'),
      tokenizer,
      'prompt',
    );
  if (prompt.every((one) => typeof one === 'number')) return prompt;
  if (!tokenizer) throw new EngineError('unsupported', 'a mixed prompt needs a local model', {param: 'prompt'});
  return prompt.flatMap((one) => (typeof one === 'number' ? [one] : tokenizer.encode(one)));
}

/**
 * `n_predict: 0` asks to have the prompt in the cache when the real request comes. The engine evaluates a prompt only
 * to generate, so one token is made and kept to ourselves.
 */
async function* promptOnly(events: AsyncIterable<GenerationEvent>): AsyncGenerator<GenerationEvent> {
  for await (const event of events) {
    if (event.type === 'finish') yield {...event, reason: 'length', usage: {...event.usage, completionTokens: 0}};
    else if (event.type === 'prompt' || event.type === 'prefill') yield event;
  }
}

type Start = (run: Run, sampling: SamplingParams, signal: AbortSignal) => AsyncIterable<GenerationEvent>;

function limited(fields: LlamaFields, run: Run, one: SamplingParams, start: Start) {
  const {t_max_predict_ms: limitMs} = fields;
  if (one.maxTokens === 0) return run.watch(promptOnly(start(run, {...one, maxTokens: 1}, run.signal)));
  if (!limitMs) return run.watch(start(run, one, run.signal));
  return run.watch(cutShort((own) => start(run, one, own), run.signal, timeIsUp(limitMs), 'length'));
}

/** Answers in llama-server's form: one object, a list of them for n_cmpl, or a stream without [DONE]. */
function answer(service: Service, reply: FastifyReply, fields: LlamaFields, text: string, start: Start) {
  const params = sampling(fields, text, service);
  const {model, tokenizer} = service.backend;
  const n = fields.n_cmpl ?? 1;
  const slot = fields.id_slot ?? -1;
  const optionsOf = (run: Run): LlamaReplyOptions => ({
    model: model.id,
    contextSize: model.contextSize ?? 0,
    sampling: params,
    tokenizer,
    slot: run.slot.id,
    returnTokens: fields.return_tokens ?? false,
    probabilities: Boolean(fields.n_probs),
  });
  if (fields.stream) {
    return service.stream(
      reply,
      SSE,
      async (run, stream) => {
        const writer = new LlamaChunkWriter(optionsOf(run));
        for (let index = 0; index < n; index++) {
          for await (const event of limited(fields, run, nthSampling(params, index), start)) {
            if (!stream.isOpen) stream.open();
            const chunk = writer.chunk(event, index);
            if (chunk) await stream.send(chunk);
          }
        }
      },
      sendFailure(reply),
      slot,
    );
  }
  return service.run(
    reply,
    async (run) => {
      const all = [];
      for (let index = 0; index < n; index++) {
        const one = await collectAnswer(limited(fields, run, nthSampling(params, index), start));
        all.push(llamaCompletion(one, index, optionsOf(run)));
      }
      return n === 1 ? all[0] : all;
    },
    slot,
  );
}

/** Without the vocabulary there are no ids to speak of. */
function check({n_probs, return_tokens}: LlamaFields, {tokenizer}: Backend): void {
  const param = n_probs ? 'n_probs' : return_tokens ? 'return_tokens' : undefined;
  if (param && !tokenizer) throw new EngineError('unsupported', `'${param}' needs a local model`, {param});
}

const replySchema = {
  200: jsonOrStream(
    z.union([LlamaCompletionSchema, z.array(LlamaCompletionSchema)]),
    z.union([PartSchema, LlamaCompletionSchema]),
  ),
  ...generationErrors(LlamaErrorSchema),
};

export function addLlamaCompletion(app: App, service: Service): void {
  for (const url of ['/completion', '/completions']) {
    app.post(
      url,
      {
        schema: {
          tags: ['llama.cpp'],
          summary: 'Continue a text or token ids, in the native form',
          body: CompletionRequestSchema,
          response: replySchema,
        },
        config: {errors: 'llama'},
      },
      async ({body, bodyText}, reply) => {
        check(body, service.backend);
        const prompt = promptOf(body.prompt, service.backend);
        return answer(service, reply, body, bodyText, ({backend}, one, signal) =>
          backend.complete({prompt, sampling: one}, signal),
        );
      },
    );
  }
  app.post(
    '/infill',
    {
      schema: {
        tags: ['llama.cpp'],
        summary: 'Fill in the middle, as llama.vscode and llama.vim ask for it',
        body: InfillRequestSchema,
        response: replySchema,
      },
      config: {errors: 'llama'},
    },
    async ({body, bodyText}, reply) => {
      check(body, service.backend);
      const {prompt, suffix} = fitInfill(body, service.backend, body.n_predict ?? 0);
      return answer(service, reply, body, bodyText, ({backend}, one, signal) =>
        backend.fim({prompt, suffix, sampling: one}, signal),
      );
    },
  );
}
