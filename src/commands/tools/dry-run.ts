// `mistral tools --dry-run`: the exact prompt a request becomes, from the tokenizer alone.
import {basename} from 'node:path';
import {defined} from '../../base/defined.ts';
import {EngineError} from '../../base/errors.ts';
import type {ChatCompletionRequest} from '../../engine/contract/requests.ts';
import {withSystem} from '../../engine/conversation/own-system.ts';
import {defaultSystemOf} from '../../engine/template/default-system.ts';
import {PromptWriter} from '../../engine/template/prompt-writer.ts';
import type {Io} from '../host/io.ts';
import {type MeantFlags, meant} from '../open-model/meant.ts';
import {openTokenizer, type TokenizerFlags} from '../open-model/open-tokenizer.ts';
import type {SystemOf} from '../open-model/recommended.ts';
import {printTokens} from '../tokenize/print-tokens.ts';

/**
 * Prints one line a token, id and piece, or one object.
 * @throws EngineError `usage` for a server without --tokenizer; what the request would be refused with.
 */
export async function printPrompt(
  io: Io,
  argument: string | undefined,
  flags: TokenizerFlags & MeantFlags & {readonly json?: boolean},
  request: ChatCompletionRequest,
  system?: SystemOf,
): Promise<void> {
  const model = meant(io, argument, flags);
  if (model.kind === 'url' && flags.tokenizer === undefined) {
    throw new EngineError('usage', `the prompt for ${model.url} is made by that server`, {
      hint: 'Give its tokenizer with --tokenizer, or a model in place of the server.',
    });
  }
  const loaded = await openTokenizer(io, model.kind === 'url' ? flags.tokenizer : model.name, flags);
  // No model is opened: what stands beside the tokenizer is known all the same.
  const info = {id: basename(loaded.path), ...defined({defaultSystem: defaultSystemOf(loaded)})};
  const writer = new PromptWriter(loaded);
  const {tokens} = await writer.write(withSystem(request, system?.(info)));
  await writer.close();
  printTokens(io, loaded, tokens, flags);
}
