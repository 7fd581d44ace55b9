// What `mistral tokenize` encodes: plain text, a chat request or a fill-in-the-middle request.
import type {Json} from '../../base/json.ts';
import type {Token} from '../../engine/contract/requests.ts';
import {encodeFim} from '../../engine/template/encode/encode-fim.ts';
import type {PromptWriter} from '../../engine/template/prompt-writer.ts';
import {fimVersion} from '../../engine/template/version/require-version.ts';
import {readChatRequest, readFimRequest} from '../../engine/wire/read-request.ts';

/** Encodes a request's body, read as mistral-common reads its own. @throws Refusal */
export async function encodeInput(
  writer: PromptWriter,
  kind: 'request' | 'fim',
  body: Json,
  maxModelInputLen?: number,
): Promise<readonly Token[]> {
  const {tokenizer, template} = writer;
  if (kind === 'fim') {
    const {request} = readFimRequest(body, {dialect: 'exact'});
    return encodeFim(request, tokenizer, fimVersion(template, tokenizer)).tokens;
  }
  const {request} = readChatRequest(body, {dialect: 'exact'});
  return (await writer.write(request, maxModelInputLen)).tokens;
}
