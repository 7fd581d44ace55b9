// The tokenizer of a folder whose only one is tokenizer.json: that of the file it would be converted to.
import {join} from 'node:path';
import {readRegular} from '../../base/files/regular-file.ts';
import type {TemplateVersion} from '../contract/requests.ts';
import {parseGguf} from '../gguf/read-header.ts';
import {layOut} from '../gguf/write-header.ts';
import {type LoadedTokenizer, loadFromGguf, withTemplate} from '../template/load-tokenizer.ts';
import {versionClues} from './source/version-clues.ts';
import {readHfVocabulary} from './vocabulary/hf-vocabulary.ts';
import {type FolderClues, vocabularyEntries} from './vocabulary/vocabulary.ts';

/**
 * Reads `tokenizer.json` of the folder and nothing of its weights; `flag` overrides the template version.
 * @throws EngineError `model_invalid` or `model_unsupported` for another kind of tokenizer, or a damaged one.
 */
export function loadHfTokenizer(
  folder: string,
  flag?: TemplateVersion,
  clues: FolderClues = versionClues(folder),
): LoadedTokenizer {
  const path = join(folder, 'tokenizer.json');
  const {vocabulary} = readHfVocabulary(path, readRegular(path), clues);
  const entries = [
    ['general.architecture', {type: 'string', value: 'llama'}] as const,
    ...vocabularyEntries(vocabulary, vocabulary.size),
  ];
  const {header, fileSize} = layOut(entries, []);
  const loaded = loadFromGguf(parseGguf(path, header, fileSize), flag);
  return flag ? loaded : withTemplate(loaded, vocabulary.template);
}
