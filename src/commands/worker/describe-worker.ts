// What a worker tells its server of the machine and the model behind it.
import {cpus} from 'node:os';
import {formatCount} from '../../base/units.ts';
import type {ModelInfo} from '../../engine/contract/backend.ts';
import {fileTypeName} from '../../engine/gguf/file-types.ts';
import {readGguf} from '../../engine/gguf/read-header.ts';
import type {WorkerDescription} from '../../serve/worker/aime-api.ts';
import {engineVersions} from '../version.ts';

/** Of a model behind --url nobody here knows more than its address. */
export function describeWorker({id, device, path}: ModelInfo, maxBatchSize: number): WorkerDescription {
  const known = {model: id, maxBatchSize};
  if (path === undefined) {
    return {...known, hardware: device, gpus: 0, framework: 'remote', frameworkVersion: '', quantization: '', size: ''};
  }
  const isProcessor = device.startsWith('CPU');
  const processor = cpus()[0]?.model.trim();
  return {
    ...known,
    ...weights(path),
    hardware: isProcessor && processor ? `${device} (${processor})` : device,
    // One is used, however many there are.
    gpus: isProcessor ? 0 : 1,
    framework: 'llama.cpp',
    frameworkVersion: engineVersions()['llama.cpp'],
  };
}

function weights(path: string): Pick<WorkerDescription, 'quantization' | 'size'> {
  const {metadata, tensors} = readGguf(path);
  const type = metadata.number('general.file_type');
  const parts = metadata.number('split.count') ?? 1;
  // The header of one part of several has only its own tensors.
  const counted = parts > 1 ? '' : formatCount(tensors.reduce((sum, {shape}) => sum + product(shape), 0));
  return {
    quantization: (type === undefined ? undefined : fileTypeName(type)) ?? '',
    size: metadata.string('general.size_label') ?? counted,
  };
}

const product = (sizes: readonly number[]) => sizes.reduce((all, size) => all * size, 1);
