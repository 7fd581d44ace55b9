// What `mistral tokenize` encodes: plain text, a chat request or a fill-in-the-middle request.
import {defined} from '../../base/defined.ts';
import type {Json} from '../../base/json.ts';
import type {Token} from '../../engine/contract/requests.ts';
import {encodeChat} from '../../engine/template/encode/encode-chat.ts';
import {encodeFim} from '../../engine/template/encode/encode-fim.ts';
import type {LoadedTokenizer} from '../../engine/template/load-tokenizer.ts';
import {fimVersion, requireVersion} from '../../engine/template/version/require-version.ts';
import {readChatRequest, readFimRequest} from '../../engine/wire/read-request.ts';

/** Encodes a request's body, read as mistral-common reads its own. @throws Refusal */
export function encodeInput(
  {tokenizer, template, modelSettings, chosenSettings}: LoadedTokenizer,
  kind: 'request' | 'fim',
  body: Json,
  maxModelInputLen?: number,
): readonly Token[] {
  if (kind === 'fim')
    return encodeFim(readFimRequest(body, {dialect: 'exact'}).request, tokenizer, fimVersion(template, tokenizer))
      .tokens;
  const options = defined({maxModelInputLen, modelSettings, chosenSettings});
  return encodeChat(readChatRequest(body, {dialect: 'exact'}).request, tokenizer, requireVersion(template), options)
    .tokens;
}
