// Texts as vectors of length 1, for every dialect that asks for them. A model that writes pools the states of a text's tokens
// as its file says, by their mean where it says nothing.
import type {FastifyReply} from 'fastify';
import {EngineError} from '../../base/errors.ts';
import type {Embedding} from '../../engine/contract/backend.ts';
import type {CompletionPrompt} from '../body/shared/read-prompt.ts';
import {checkTokens} from '../reply/token-ids.ts';
import type {Service} from '../service.ts';

export interface EmbeddedTexts {
  readonly vectors: readonly Float32Array[];
  /** Tokens of all texts. */
  readonly tokens: number;
}

/**
 * One vector for each input, in their order.
 * @param param the field that the inputs stand in
 * @throws EngineError `unsupported` where nobody can look into the model; `invalid_request` for an id the vocabulary lacks;
 * what `embed` of a backend throws.
 */
export async function embedTexts(
  service: Service,
  reply: FastifyReply,
  inputs: readonly CompletionPrompt[],
  param: string,
): Promise<EmbeddedTexts> {
  const {backend} = service;
  const {tokenizer} = backend;
  const embed = backend.embed?.bind(backend);
  if (!embed) throw noEmbeddings();
  for (const input of inputs) if (typeof input !== 'string' && tokenizer) checkTokens(input, tokenizer, param);
  const all = await service.run(reply, async ({signal}) => {
    const done: Embedding[] = [];
    for (const input of inputs) done.push(await embed(input, signal));
    return done;
  });
  return {vectors: all.map(({vector}) => vector), tokens: all.reduce((sum, one) => sum + one.tokens, 0)};
}

/** Not a 501: OpenAI's clients ask twice more, with pauses, after every 5xx. */
function noEmbeddings(): EngineError {
  return new EngineError('unsupported', 'this model gives no embeddings: nobody here can look into it', {
    hint: 'A local model gives them by the native engine (mistral serve MODEL --engine native).',
  });
}
