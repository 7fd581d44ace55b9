// `mistral tools --dry-run`: the exact prompt a request becomes, from the tokenizer alone.

import type {ChatCompletionRequest} from '../../engine/contract/requests.ts';
import {encodeChat} from '../../engine/template/encode/encode-chat.ts';
import type {Io} from '../host/io.ts';
import {openTokenizer, type TokenizerFlags} from '../open-model/open-tokenizer.ts';
import {printTokens} from '../tokenize/print-tokens.ts';

/** Prints one line a token, id and piece, or one object. Throws what the request would be refused with. */
export function printPrompt(
  io: Io,
  model: string | undefined,
  flags: TokenizerFlags & {readonly json?: boolean},
  request: ChatCompletionRequest,
): void {
  const loaded = openTokenizer(io, model, flags);
  const {tokenizer, version, modelSettings} = loaded;
  const {tokens} = encodeChat(request, tokenizer, version, modelSettings === undefined ? {} : {modelSettings});
  printTokens(io, loaded, tokens, flags);
}
