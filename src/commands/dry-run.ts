// `mistral tools --dry-run`: the exact prompt a request becomes, from the tokenizer alone.
import {resolveModel} from '../engine/models/resolve.ts';
import {encodeChat} from '../engine/template/instruct.ts';
import {loadTokenizer} from '../engine/template/load.ts';
import type {ChatCompletionRequest, TemplateVersion} from '../engine/types.ts';
import {sanitise} from '../ui/sanitise.ts';
import type {Io} from './io.ts';
import {namedModel} from './options.ts';

export interface DryRunFlags {
  readonly quant?: string;
  readonly template?: TemplateVersion;
  readonly json?: boolean;
}

/** Prints one line a token, id and piece, or one object. Throws what the request would be refused with. */
export function printPrompt(
  io: Io,
  model: string | undefined,
  {quant, template, json}: DryRunFlags,
  request: ChatCompletionRequest,
): void {
  const named = namedModel(io, model);
  const path = named ?? pathOfEmbedded(quant);
  const {tokenizer, version, versionReason, modelSettings} = loadTokenizer(path, template);
  const {tokens} = encodeChat(request, tokenizer, version, modelSettings === undefined ? {} : {modelSettings});
  const pieces = tokens.map((token) => tokenizer.piece(token));
  if (json) {
    io.stdout.write(`${JSON.stringify({template: version, tokens, pieces})}\n`);
    return;
  }
  io.stderr.write(`template ${version}: ${sanitise(versionReason)}; ${tokens.length} tokens\n`);
  for (const [i, token] of tokens.entries()) {
    io.stdout.write(`${String(token).padStart(6)}  ${JSON.stringify(pieces[i]).slice(1, -1)}\n`);
  }
}

function pathOfEmbedded(quant: string | undefined): string {
  const found = resolveModel(undefined, quant === undefined ? {} : {quant});
  return found.kind === 'gguf' ? found.path : found.folder;
}
