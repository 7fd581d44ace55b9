// Model argument -> its tokenizer and template, without opening the model itself.
import {resolve} from 'node:path';
import type {TemplateVersion} from '../../engine/contract/requests.ts';
import {resolveModel} from '../../engine/models/resolve.ts';
import {type LoadedTokenizer, loadTokenizer} from '../../engine/template/load-tokenizer.ts';
import type {Io} from '../host/io.ts';
import {namedModel} from '../options.ts';

export interface TokenizerFlags {
  readonly quant?: string;
  readonly template?: TemplateVersion;
}

/** The tokenizer of the named model or tokenizer file, else of the embedded model. Throws what `loadTokenizer` does. */
export function openTokenizer(io: Io, argument: string | undefined, flags: TokenizerFlags): LoadedTokenizer {
  const named = namedModel(io, argument);
  return loadTokenizer(named === undefined ? embeddedModel(flags.quant) : resolve(io.cwd, named), flags.template);
}

function embeddedModel(quant: string | undefined): string {
  const found = resolveModel(undefined, quant === undefined ? {} : {quant});
  return found.kind === 'gguf' ? found.path : found.folder;
}
