// From a model's name to its tokenizer and template, without opening the model: read where it lies.
import {readdirSync} from 'node:fs';
import {EngineError} from '../../base/errors.ts';
import type {TemplateVersion} from '../../engine/contract/requests.ts';
import {findModel} from '../../engine/models/find-model.ts';
import type {FoundModel} from '../../engine/models/model-at.ts';
import {
  type LoadedTokenizer,
  loadFromFiles,
  loadFromGguf,
  loadTokenizer,
} from '../../engine/template/load-tokenizer.ts';
import {checkChosen} from '../../engine/template/model-settings.ts';
import type {VersionClues} from '../../engine/template/version/detect.ts';
import {isTokenizerFile} from '../../engine/tokenizer/tokenizer-file.ts';
import {keptRenderings} from '../host/folders.ts';
import type {Io} from '../host/io.ts';
import {readFlagFile} from '../host/text-input.ts';
import {chosenSettings, type SettingFlags} from './chosen-settings.ts';
import {whereToLook} from './meant.ts';

export interface TokenizerFlags extends SettingFlags {
  readonly quant?: string;
  readonly template?: TemplateVersion;
  readonly chatTemplate?: string;
}

/**
 * The tokenizer of the model of this name, or of a tokenizer file; undefined means the embedded model's.
 * @throws EngineError as `findModel` and `loadTokenizer` do; Refusal for settings that the model does not take.
 */
export async function openTokenizer(io: Io, name: string | undefined, flags: TokenizerFlags): Promise<LoadedTokenizer> {
  const {quant, template, chatTemplate} = flags;
  const given = chatTemplate === undefined ? undefined : await readFlagFile(io, '--chat-template', chatTemplate);
  const clues = {givenTemplate: given, kept: keptRenderings(io)};
  const loaded = await tokenizerOf(findModel(name, whereToLook(io), {quant}), template, clues);
  const chosen = chosenSettings(flags);
  checkChosen(chosen, loaded.version, loaded.modelSettings);
  return {...loaded, chosenSettings: chosen};
}

async function tokenizerOf(
  found: FoundModel,
  template: TemplateVersion | undefined,
  given: Pick<VersionClues, 'givenTemplate' | 'kept'>,
): Promise<LoadedTokenizer> {
  switch (found.kind) {
    case 'gguf':
      return loadFromGguf(found.file, template, given);
    case 'tokenizer':
      return loadTokenizer(found.path, template, given);
    case 'folder': {
      const {versionClues} = await import('../../engine/convert/source/version-clues.ts');
      const clues = {...versionClues(found.folder), ...given};
      const names = readdirSync(found.folder);
      if (names.some(isTokenizerFile) || !names.includes('tokenizer.json'))
        return loadTokenizer(found.folder, template, clues);
      const {loadHfTokenizer} = await import('../../engine/convert/hf-tokenizer.ts');
      return loadHfTokenizer(found.folder, template, clues);
    }
    case 'tar':
      return await tokenizerInTar(found.path, template, given);
  }
}

/** A small file of an archive is read from its place in it: nothing is unpacked. */
async function tokenizerInTar(
  path: string,
  template: TemplateVersion | undefined,
  clues: VersionClues,
): Promise<LoadedTokenizer> {
  const {readArchived, tarFiles} = await import('../../engine/models/tar-index.ts');
  const files = new Map(tarFiles(path).map((file) => [file.name, file]));
  const read = (name: string) => {
    const file = files.get(name);
    if (file === undefined) throw new EngineError('model_not_found', `${path} holds no ${name}`);
    return readArchived(path, file);
  };
  return loadFromFiles({path, names: [...files.keys()].sort(), read}, template, clues);
}
