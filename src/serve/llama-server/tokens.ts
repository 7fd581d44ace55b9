// POST /tokenize, /detokenize and /apply-template: the model's own vocabulary and prompt over HTTP.

import type {FastifyReply} from 'fastify';
import {z} from 'zod';
import {inTurns} from '../../base/in-turns.ts';
import type {Token} from '../../engine/contract/requests.ts';
import type {Tokenizer} from '../../engine/contract/tokenizer.ts';
import {ChatRequestSchema} from '../body/chat-schema.ts';
import {readChat} from '../body/read-chat.ts';
import {DetokenizeRequestSchema, readDetokenize, readTokenize, TokenizeRequestSchema} from '../body/read-tokens.ts';
import {passedOver} from '../dialects/dialect-call.ts';
import {stillThere} from '../http/still-there.ts';
import {HttpError} from '../http-error.ts';
import {errors, LlamaErrorSchema} from '../reply/reply-schemas.ts';
import {checkTokens, jsonListSteps, promptTextSteps, textSteps, tokenText} from '../reply/token-ids.ts';
import type {App} from '../route.ts';
import type {Service} from '../service.ts';

const response = errors(LlamaErrorSchema, 400, 401, 403, 413, 415, 501, 503);
const JSON_TYPE = 'application/json; charset=utf-8';
const route = {errors: 'llama', countsOnly: true} as const;

const PieceSchema = z.object({id: z.int(), piece: z.union([z.string(), z.array(z.int())])});

/** @throws HttpError 501 where the vocabulary is with a cluster. */
function tokenizerOf({backend}: Service): Tokenizer {
  if (backend.tokenizer) return backend.tokenizer;
  throw new HttpError(501, 'the vocabulary of a remote model is not known here', {code: 'not_implemented'});
}

/** A token's text, or its bytes where it is only a part of a character. */
function piece(token: Token, tokenizer: Tokenizer): string | number[] {
  const text = tokenText(token, tokenizer);
  return text.includes('\uFFFD') ? [...tokenizer.bytes(token)] : text;
}

/** Sends a reply that is JSON already. */
function sendWritten(reply: {readonly type: FastifyReply['type']}, json: string): FastifyReply {
  return reply.type(JSON_TYPE).send(json);
}

export function addTokens(app: App, service: Service): void {
  app.post(
    '/tokenize',
    {
      schema: {
        tags: ['llama.cpp'],
        summary: 'Text to token ids; names of control tokens are these tokens, unless parse_special is false',
        body: TokenizeRequestSchema,
        response: {200: z.object({tokens: z.union([z.array(z.int()), z.array(PieceSchema)])}), ...response},
      },
      config: route,
    },
    async (request, reply) => {
      const tokenizer = tokenizerOf(service);
      const {text, addSpecial, parseSpecial, withPieces} = readTokenize(request.json);
      const check = stillThere(request);
      const encoded = await inTurns(textSteps(text, tokenizer, parseSpecial), check);
      const tokens = addSpecial ? [tokenizer.bos, ...encoded] : encoded;
      const item = withPieces ? (id: Token) => ({id, piece: piece(id, tokenizer)}) : (id: Token) => id;
      const list = await inTurns(jsonListSteps(tokens, item), check);
      return sendWritten(reply, `{"tokens":${list}}`);
    },
  );
  app.post(
    '/detokenize',
    {
      schema: {
        tags: ['llama.cpp'],
        summary: 'Token ids to text, control tokens by their names',
        body: DetokenizeRequestSchema,
        response: {200: z.object({content: z.string()}), ...response},
      },
      config: route,
    },
    async (request) => {
      const tokenizer = tokenizerOf(service);
      const tokens = readDetokenize(request.json);
      checkTokens(tokens, tokenizer, 'tokens');
      return {content: await inTurns(promptTextSteps(tokens, tokenizer), stillThere(request))};
    },
  );
  app.post(
    '/apply-template',
    {
      schema: {
        tags: ['llama.cpp'],
        summary: 'The exact prompt of a chat request, as text and as ids, without running the model',
        body: ChatRequestSchema,
        response: {200: z.object({prompt: z.string(), tokens: z.array(z.int())}), ...response},
      },
      config: {...route, fields: 'chat'},
    },
    async (asked, reply) => {
      const tokenizer = tokenizerOf(service);
      const {backend, defaults} = service;
      const check = stillThere(asked);
      const {request} = passedOver(readChat(asked.json, defaults).request, backend.model);
      const {tokens = []} = (await backend.render?.(request, check)) ?? {};
      const prompt = JSON.stringify(await inTurns(promptTextSteps(tokens, tokenizer), check));
      const list = await inTurns(
        jsonListSteps(tokens, (id) => id),
        check,
      );
      return sendWritten(reply, `{"prompt":${prompt},"tokens":${list}}`);
    },
  );
}
