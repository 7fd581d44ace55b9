// How long the prompt of a chat is: rendered and counted, without running the model and without a slot.
import type {FastifyRequest} from 'fastify';
import {EngineError} from '../../base/errors.ts';
import type {Backend} from '../../engine/contract/backend.ts';
import type {ChatCompletionRequest} from '../../engine/contract/requests.ts';
import {stillThere} from '../http/still-there.ts';

/** BOS included. It ends when the client leaves. @throws EngineError `unsupported` where a server that does not tell it renders the prompt. */
export async function countTokens(
  asked: FastifyRequest,
  backend: Backend,
  request: ChatCompletionRequest,
): Promise<number> {
  const prompt = await backend.render?.(request, stillThere(asked));
  if (prompt) return prompt.tokens.length;
  throw new EngineError('unsupported', 'the vocabulary of a remote model is not known here, so nothing can be counted');
}
