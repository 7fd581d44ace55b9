// How long the prompt of a chat is: rendered and counted, without running the model and without a slot.
import {EngineError} from '../../base/errors.ts';
import type {Backend} from '../../engine/contract/backend.ts';
import type {ChatCompletionRequest} from '../../engine/contract/requests.ts';

/** BOS included. @throws EngineError `unsupported` where a server that does not tell it renders the prompt. */
export async function countTokens(backend: Backend, request: ChatCompletionRequest): Promise<number> {
  const prompt = await backend.render?.(request);
  if (prompt) return prompt.tokens.length;
  throw new EngineError('unsupported', 'the vocabulary of a remote model is not known here, so nothing can be counted');
}
