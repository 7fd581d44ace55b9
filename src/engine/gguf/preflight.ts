// Looks for everything that would make a GGUF fail to load, before the engine is asked: it takes milliseconds and
// gives the reason, which the engine's own error does not.
import {existsSync} from 'node:fs';
import {basename, dirname, join} from 'node:path';
import {EngineError} from '../../base/errors.ts';
import {formatBytes} from '../../base/units.ts';
import {notTextModel} from './architectures.ts';
import {Figures, layerCount} from './check/figures.ts';
import {checkFigures, familyOf} from './check/model-figures.ts';
import {towerInside} from './check/towers.ts';
import {checkPieces} from './check/vocabulary-pieces.ts';
import {checkWeights} from './check/weight-shapes.ts';
import type {GgufStrings} from './metadata.ts';
import {splitName, splitOf} from './model-files.ts';
import {type GgufFile, readGguf} from './read-header.ts';

/**
 * Reads the header of the model at `path` (part 1 of a split one) and checks it and its other parts.
 * Throws EngineError model_not_found or model_invalid with the file, what is wrong and what to do.
 */
export function preflight(path: string): GgufFile {
  const file = readGguf(path);
  checkLoadable(file);
  return file;
}

/** The checks of `preflight` for a header that is read. Throws EngineError as it does. */
export function checkLoadable(file: GgufFile): void {
  const {path} = file;
  refuseLaterPart(path);
  refuseOtherKinds(file);
  const architecture = file.metadata.string('general.architecture') as string;
  const reason = notTextModel(architecture);
  if (reason !== undefined) {
    throw new EngineError('model_invalid', `${path} is ${reason}`, {hint: 'Give the model itself.'});
  }
  const parts = checkParts(file);
  refuseOldExperts(file);
  const pieces = checkVocabulary(file);
  layerCount(file);
  const family = familyOf(architecture);
  if (family === undefined) return;
  const figures = new Figures(file);
  checkFigures(figures, family);
  checkWeights(figures, family, parts);
  checkPieces(figures, pieces);
}

/** A later part of a split model holds next to nothing but tensors: the first one is the one to load. */
function refuseLaterPart(path: string): void {
  const split = splitOf(basename(path));
  if (split === undefined || split.part === 1) return;
  const first = join(dirname(path), splitName(split.prefix, 1, split.count));
  const what = `${path} is part ${split.part} of ${split.count}`;
  if (existsSync(first)) throw new EngineError('model_invalid', what, {hint: `Give part 1: ${first}`});
  throw new EngineError('model_invalid', `${what}, and part 1 is missing`, {hint: `Put ${basename(first)} beside it.`});
}

function refuseOtherKinds({path, metadata, tensors}: GgufFile): void {
  const type = metadata.string('general.type');
  const architecture = metadata.string('general.architecture');
  if (type === 'adapter') {
    const hint = 'Give the base model, and this file with --lora-path.';
    throw new EngineError('model_invalid', `${path} is a LoRA adapter, not a model`, {hint});
  }
  if (type === 'mmproj' || architecture === 'clip') {
    const hint = 'Give the model file beside it: this program is text only.';
    throw new EngineError('model_invalid', `${path} is a vision projector (mmproj), not a model`, {hint});
  }
  if (type === 'imatrix') {
    const hint = 'Give the model itself.';
    throw new EngineError('model_invalid', `${path} is an importance matrix for quantising, not a model`, {hint});
  }
  if (architecture === undefined) {
    throw new EngineError('model_invalid', `${path} names no architecture (general.architecture)`, {
      hint: 'It is no model file, or a damaged one: download it again.',
    });
  }
  const tower = towerInside({metadata, tensors});
  if (tower !== undefined) {
    throw new EngineError('model_invalid', `${path} holds ${tower} inside (ollama's own form)`, {
      hint: 'llama.cpp needs the two in files of their own: pull the model from the hub (mistral pull --help).',
    });
  }
  const split = metadata.number('split.count') ?? 0;
  if (tensors.length === 0 && split < 2) {
    const hint = 'It serves `mistral tokenize` only: give the model file with the weights.';
    throw new EngineError('model_invalid', `${path} holds a vocabulary and no weights`, {hint});
  }
}

/** All parts, the first one included. */
function checkParts(first: GgufFile): GgufFile[] {
  refuseTruncated(first);
  const count = first.metadata.number('split.count') ?? 1;
  const parts = [first];
  if (count < 2) return parts;
  const split = splitOf(basename(first.path));
  if (split === undefined && first.fileSize > first.expectedSize) {
    throw new EngineError('model_invalid', `${first.path} is ${count} parts joined with cat, which makes no model`, {
      hint: 'Give the parts as they were, or join those with llama-gguf-split --merge.',
    });
  }
  if (split === undefined || split.count !== count) {
    throw new EngineError('model_invalid', `${first.path} is one of ${count} parts, but its name does not say so`, {
      hint: `Give the parts their names back: NAME-00001-of-${String(count).padStart(5, '0')}.gguf and so on.`,
    });
  }
  for (let part = 2; part <= count; part++) {
    const path = join(dirname(first.path), splitName(split.prefix, part, count));
    if (!existsSync(path)) {
      throw new EngineError('model_invalid', `part ${part} of ${count} is missing: ${path}`, {
        hint: 'Download the missing part into the same folder.',
      });
    }
    const file = readGguf(path);
    refuseTruncated(file);
    const number = (file.metadata.number('split.no') ?? part - 1) + 1;
    if (number !== part) {
      throw new EngineError('model_invalid', `${path} holds part ${number}, not part ${part}`, {
        hint: 'Fetch this part again.',
      });
    }
    parts.push(file);
  }
  return parts;
}

function refuseTruncated({path, fileSize, expectedSize}: GgufFile): void {
  if (fileSize >= expectedSize) return;
  const sizes = `${formatBytes(fileSize)} of ${formatBytes(expectedSize)}`;
  throw new EngineError('model_invalid', `${path} is incomplete: ${sizes} are there`, {
    hint: 'The download or copy was interrupted: resume it, or fetch the file again.',
  });
}

/** Mixtral files from before 2024-04 hold every expert apart; llama.cpp reads only stacked ones. */
function refuseOldExperts({path, tensors}: GgufFile): void {
  if (!tensors.some((tensor) => /^blk\.\d+\.ffn_(gate|up|down)\.\d+\.weight$/.test(tensor.name))) return;
  throw new EngineError('model_invalid', `${path} is an old Mixtral file with one tensor an expert`, {
    hint: 'No current engine loads it: download a newer file of the same model.',
  });
}

function checkVocabulary({path, metadata, tensors}: GgufFile): GgufStrings {
  const pieces = metadata.strings('tokenizer.ggml.tokens');
  const rows = tensors.find((tensor) => tensor.name === 'token_embd.weight')?.shape[1];
  if (pieces === undefined) {
    throw new EngineError('model_invalid', `${path} holds no vocabulary (tokenizer.ggml.tokens)`, {
      hint: 'Convert the model again with its tokenizer beside it.',
    });
  }
  if (rows !== undefined && rows !== pieces.count) {
    throw new EngineError(
      'model_invalid',
      `${path}: the vocabulary has ${pieces.count} tokens, the embedding ${rows} rows`,
      {
        hint: 'The tokenizer is not the one of these weights: convert the model again with the right one.',
      },
    );
  }
  return pieces;
}
