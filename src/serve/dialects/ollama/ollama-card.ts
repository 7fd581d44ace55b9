// What Ollama says of a model: size, family, parameters, quantisation, abilities.
import {createHash} from 'node:crypto';
import {statSync} from 'node:fs';
import {EngineError} from '../../../base/errors.ts';
import {formatCount} from '../../../base/units.ts';
import type {ModelInfo} from '../../../engine/contract/backend.ts';
import {fileTypeName} from '../../../engine/gguf/file-types.ts';
import {type GgufFile, readGguf} from '../../../engine/gguf/read-header.ts';
import {modelBytes} from '../../../engine/gguf/size-on-disk.ts';

export interface OllamaCard {
  readonly name: string;
  readonly size: number;
  readonly digest: string;
  readonly modified: string;
  readonly details: {
    readonly parent_model: '';
    readonly format: 'gguf';
    readonly family: string;
    readonly families: string[];
    readonly parameter_size: string;
    readonly quantization_level: string;
  };
  readonly capabilities: string[];
  readonly info: Record<string, string | number>;
}

/** Read once: the file is that of a loaded model. */
const CARDS = new WeakMap<ModelInfo, OllamaCard>();

/** Of a model that is no file here, figures are 0 and words empty. */
export function ollamaCard(model: ModelInfo): OllamaCard {
  const known = CARDS.get(model);
  if (known) return known;
  const card = makeCard(model);
  CARDS.set(model, card);
  return card;
}

/** Whether the model can be asked for thoughts. */
export function canThink({efforts, defaultSystem}: ModelInfo): boolean {
  return efforts === undefined || efforts.levels.length > 0 || defaultSystem?.thinks === true;
}

function makeCard(model: ModelInfo): OllamaCard {
  const name = `${model.id}:latest`;
  const file = headerOf(model.path);
  const modified = modifiedAt(file?.path);
  const size = file ? modelBytes(file) : 0;
  const family = file?.metadata.string('general.architecture') ?? '';
  const parameters = file?.tensors.reduce((sum, {shape}) => sum + shape.reduce((a, b) => a * b, 1), 0) ?? 0;
  const type = file?.metadata.number('general.file_type');
  const embedding = file?.metadata.number(`${family}.embedding_length`);
  return {
    name,
    size,
    digest: createHash('sha256').update(`${name}\n${size}\n${modified}`).digest('hex'),
    modified,
    details: {
      parent_model: '',
      format: 'gguf',
      family,
      families: family === '' ? [] : [family],
      parameter_size: parameters === 0 ? '' : formatCount(parameters),
      quantization_level: (type === undefined ? undefined : fileTypeName(type)) ?? '',
    },
    capabilities: [
      'completion',
      ...(model.supportsTools ? ['tools'] : []),
      ...(model.supportsFim ? ['insert'] : []),
      ...(model.efforts !== undefined && canThink(model) ? ['thinking'] : []),
    ],
    info: {
      'general.basename': model.id,
      ...(family !== '' && {'general.architecture': family}),
      ...(parameters > 0 && {'general.parameter_count': parameters}),
      [`${family || 'model'}.context_length`]: model.trainedContextSize ?? model.contextSize ?? 0,
      ...(embedding !== undefined && {[`${family}.embedding_length`]: embedding}),
    },
  };
}

function headerOf(path: string | undefined): GgufFile | undefined {
  if (path === undefined) return undefined;
  try {
    return readGguf(path);
  } catch (error) {
    // Moved or removed since it was loaded: what it is called is still right.
    if (error instanceof EngineError) return undefined;
    throw error;
  }
}

function modifiedAt(path: string | undefined): string {
  const time = path === undefined ? undefined : statSync(path, {throwIfNoEntry: false})?.mtimeMs;
  return new Date(time ?? 0).toISOString();
}
