// From a GGUF file to a running local backend: tokenizer, template and engine together.
import {basename} from 'node:path';
import type {TemplateVersion} from '../contract/requests.ts';
import {preflight} from '../gguf/preflight.ts';
import {type LlamaTokenModel, openLlama} from '../llama/llama-model.ts';
import {loadLibrary} from '../llama/native/library.ts';
import type {LlamaOptions} from '../llama/open-llama.ts';
import {loadFromGguf} from '../template/load-tokenizer.ts';
import {LocalBackend} from './local-backend.ts';

export interface LocalOptions extends Omit<LlamaOptions, 'file'> {
  /** A path is checked first (`preflight`); a header read by `resolveModel` is taken as checked. */
  readonly file: LlamaOptions['file'] | string;
  /** Overrides the detected version. */
  readonly template?: TemplateVersion;
  /** Default: the file's name without `.gguf`. */
  readonly id?: string;
}

/** A local backend whose KV cache can be kept between processes. */
export class OpenedLocalBackend extends LocalBackend {
  readonly saveState: LlamaTokenModel['saveState'];
  readonly loadState: LlamaTokenModel['loadState'];

  constructor(parts: ConstructorParameters<typeof LocalBackend>[0], tokenModel: LlamaTokenModel) {
    super({...parts, tokenModel});
    this.saveState = (path) => tokenModel.saveState(path);
    this.loadState = (path) => tokenModel.loadState(path);
  }
}

/**
 * Opens a model that answers on this machine.
 * @throws EngineError `model_not_found`, `model_invalid`, `model_unsupported` or `out_of_memory` with what to do next; what
 * `options.signal` was aborted with.
 */
export async function openLocalBackend(options: LocalOptions): Promise<OpenedLocalBackend> {
  // The library starts a process of its own to test itself: the tokenizer is read meanwhile.
  const library = loadLibrary(options.gpu ?? 'auto');
  library.catch(() => undefined);
  const file = typeof options.file === 'string' ? preflight(options.file) : options.file;
  const {tokenizer, version, versionReason, modelSettings} = loadFromGguf(file, options.template);
  const tokenModel = await openLlama({...options, file});
  const {trainedContextSize, device} = tokenModel;
  const parts = {tokenModel, tokenizer, version, versionReason, modelSettings, trainedContextSize, device};
  const id = options.id ?? basename(file.path).replace(/\.gguf$/i, '');
  return new OpenedLocalBackend({...parts, id, path: file.path}, tokenModel);
}
