// The folder of original weights that a path names.
import {EngineError} from '../../base/errors.ts';
import {pathKind} from '../../engine/models/existing-path.ts';
import {modelAt, notUnpacked} from '../../engine/models/model-at.ts';

/** A file of the weights stands for its folder, also beside a GGUF. @throws EngineError for what can or need not be converted. */
export function weightsFolder(path: string): string {
  if (pathKind(path) === 'folder') return path;
  const found = modelAt(path);
  switch (found.kind) {
    case 'folder':
      return found.folder;
    case 'tar':
      throw notUnpacked(path);
    case 'tokenizer':
      throw found.noModel;
    case 'gguf':
      throw new EngineError('model_invalid', `${path} is already a GGUF file`, {
        hint: 'Give the folder with the original weights; a quantised file cannot be quantised again without loss.',
      });
  }
}
