// The figures of a folder, from params.json, config.json or, where it has both, from both of them.
import {join} from 'node:path';
import {EngineError} from '../../../../base/errors.ts';
import type {Hyperparameters} from '../../tensors/hyperparameters.ts';
import {type ConfigFile, readConfigFile} from '../config-file.ts';
import {disagreements, haveSameShapes} from './disagreement.ts';
import {readHfConfig} from './hf-config.ts';
import {readMistralParams} from './mistral-params.ts';
import type {FigureOptions, ReadFigures} from './read-figures.ts';
import {refuseKinds} from './refused-kinds.ts';

/**
 * `own` is the file of the format in which the weights are. Of two files params.json is taken, which alone says plainly how
 * attention is scaled, and one line tells where the other says something else.
 * @throws EngineError `model_invalid` or `model_unsupported`, as the readers, for the file of the weights' own format.
 */
export function readFigures(
  folder: string,
  format: 'mistral' | 'hf',
  own: ConfigFile,
  names: readonly string[],
  options: FigureOptions,
): ReadFigures {
  if (format === 'mistral') {
    if (!names.includes('config.json')) return readMistralParams(own, options);
    const config = attempt(() => checked(folder, 'hf', options));
    if (!(config instanceof EngineError)) {
      return both(readMistralParams(own, {...options, otherContext: config.model.context}), config, format, options);
    }
    if (options.ropeScale === 'config') throw config;
    return withNote(readMistralParams(own, options), unread(config));
  }
  const config = readHfConfig(own, options);
  if (!names.includes('params.json')) return config;
  const params = attempt(() => checked(folder, 'mistral', {...options, otherContext: config.model.context}));
  return params instanceof EngineError ? withNote(config, unread(params)) : both(params, config, format, options);
}

/** Reads the file of a format that is not that of the weights. */
function checked(folder: string, format: 'mistral' | 'hf', options: FigureOptions): ReadFigures {
  const file = readConfigFile(join(folder, format === 'mistral' ? 'params.json' : 'config.json'));
  refuseKinds(format, file);
  return format === 'mistral' ? readMistralParams(file, options) : readHfConfig(file, options);
}

function attempt(read: () => ReadFigures): ReadFigures | EngineError {
  try {
    return read();
  } catch (error) {
    if (error instanceof EngineError) return error;
    throw error;
  }
}

/** Weights in Hugging Face's format belong to their config.json where the other file is of other shapes. */
function both(params: ReadFigures, config: ReadFigures, format: 'mistral' | 'hf', options: FigureOptions): ReadFigures {
  const model = options.ropeScale === 'config' ? scaledAs(params.model, config.model) : params.model;
  const differences = disagreements(model, config.model);
  if (differences.length === 0) return {...params, model};
  const isOther = format === 'hf' && !haveSameShapes(model, config.model);
  const taken = isOther ? 'config.json is taken, as the weights are in its format' : 'params.json is taken';
  const line = `params.json and config.json disagree: ${differences.join(', ')}; ${taken}.`;
  return withNote(isOther ? config : {...params, model}, line);
}

/** With the scales of the other reading. */
function scaledAs(model: Hyperparameters, other: Hyperparameters): Hyperparameters {
  if (model.architecture !== 'mistral4' || other.architecture !== 'mistral4' || !model.yarn || !other.yarn)
    return model;
  const {rotaryScale, softmaxScale} = other.yarn;
  return {...model, yarn: {...model.yarn, rotaryScale, softmaxScale}};
}

const unread = ({message}: EngineError) =>
  `Only one of params.json and config.json can be read, and is taken: ${message}`;

function withNote(figures: ReadFigures, note: string): ReadFigures {
  return {...figures, notes: [...figures.notes, note]};
}
