// Reads a PyTorch checkpoint (.pth): a zip of one pickle and raw storages. No code of the pickle is run.
import {closeSync, fstatSync, openSync} from 'node:fs';
import {EngineError} from '../../../base/errors.ts';
import {readAt} from '../../../base/files/read-at.ts';
import {recognise} from '../../../base/files/recognise-file.ts';
import {PickleError, type PickleGlobal, readPickle} from './pickle.ts';
import {DTYPES, type Dtype, type SourceTensor, valueCount, type Weights} from './weights.ts';
import {readZipDirectory, storedOffset, type ZipEntry} from './zip.ts';

/** The pickle of the largest published model is far below this. */
const LARGEST_PICKLE = 64 << 20;

const STORAGE_TYPES: Readonly<Record<string, Dtype>> = {
  DoubleStorage: 'F64',
  FloatStorage: 'F32',
  HalfStorage: 'F16',
  BFloat16Storage: 'BF16',
  Float8_e4m3fnStorage: 'F8_E4M3',
};

interface Storage {
  readonly key: string;
  readonly dtype: Dtype;
}

/** What `_rebuild_tensor_v2` was called with. Offset and strides count values. */
interface PickledTensor {
  readonly storage: Storage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** Throws EngineError model_invalid: not such a file, damaged, cut off, or a pickle that asks for anything else. */
export function readPth(path: string): Weights {
  const fd = openSync(path, 'r');
  try {
    const {size} = fstatSync(fd);
    const head = readAt(fd, 0, Math.min(512, size));
    if (head.toString('latin1', 0, 4) !== 'PK\x03\x04') throw notCheckpoint(path, head);
    const entries = readZipDirectory(fd, path, size);
    const pickleName = [...entries.keys()].find((name) => /(^|\/)data\.pkl$/.test(name));
    if (pickleName === undefined) throw invalid(path, 'is a zip archive without a data.pkl: no PyTorch checkpoint');
    const root = pickleName.slice(0, -'data.pkl'.length);
    const content = (name: string) => readEntry(fd, path, entries.get(root + name), name, size);
    if (entries.has(`${root}byteorder`) && content('byteorder').toString() !== 'little') {
      throw invalid(path, 'was written by a big-endian machine');
    }
    const tensors = readTensors(path, content('data.pkl'));
    return locate(
      tensors,
      (key) => {
        const entry = entries.get(`${root}data/${key}`);
        if (entry === undefined || entry.compressed) throw invalid(path, `has no plain storage data/${key}`);
        return {offset: storedOffset(fd, path, entry, size), size: entry.size};
      },
      path,
    );
  } finally {
    closeSync(fd);
  }
}

function readEntry(fd: number, path: string, entry: ZipEntry | undefined, name: string, fileSize: number): Buffer {
  if (entry === undefined || entry.compressed)
    throw invalid(path, `has a compressed ${name}, which torch.save never writes`);
  if (entry.size > LARGEST_PICKLE) throw invalid(path, `has a ${name} of impossible size`);
  return readAt(fd, storedOffset(fd, path, entry, fileSize), entry.size);
}

function readTensors(path: string, pickle: Buffer): ReadonlyMap<string, PickledTensor> {
  let root: unknown;
  try {
    root = readPickle(pickle, {global: allowedGlobal, persistent: toStorage});
  } catch (error) {
    if (!(error instanceof PickleError)) throw error;
    throw invalid(path, `is refused: its pickle ${error.message}`);
  }
  if (!(root instanceof Map)) throw invalid(path, 'does not hold a dictionary of tensors');
  const tensors = new Map<string, PickledTensor>();
  for (const [name, value] of root) {
    if (typeof name === 'string' && isTensor(value)) tensors.set(name, value);
  }
  return tensors;
}

function allowedGlobal(module: string, name: string): PickleGlobal | undefined {
  const full = `${module}.${name}`;
  if (full === 'collections.OrderedDict') return {name: full, call: () => new Map()};
  if (full === 'torch._utils._rebuild_tensor_v2') return {name: full, call: rebuildTensor};
  if (full === 'torch._utils._rebuild_parameter') return {name: full, call: ([tensor]) => tensor};
  if (module === 'torch' && name in STORAGE_TYPES) return {name};
  return undefined;
}

/** torch's persistent id: ('storage', class, key, device, number of values). */
function toStorage(id: unknown): Storage {
  const [kind, type, key] = Array.isArray(id) ? id : [];
  const dtype = STORAGE_TYPES[(type as PickleGlobal | undefined)?.name ?? ''];
  if (kind !== 'storage' || dtype === undefined || typeof key !== 'string')
    throw new PickleError('has a foreign storage');
  return {key, dtype};
}

function rebuildTensor([storage, offset, shape, strides]: readonly unknown[]): PickledTensor {
  const tensor = {storage, offset, shape, strides};
  if (!isTensor(tensor)) throw new PickleError('has a tensor without a shape');
  return tensor;
}

function isTensor(value: unknown): value is PickledTensor {
  const tensor = value as PickledTensor | null;
  const sizes = (list: unknown) => Array.isArray(list) && list.every((n) => Number.isSafeInteger(n) && n >= 0);
  return (
    typeof tensor?.storage?.key === 'string' &&
    Number.isSafeInteger(tensor.offset) &&
    tensor.offset >= 0 &&
    sizes(tensor.shape) &&
    sizes(tensor.strides)
  );
}

function locate(
  tensors: ReadonlyMap<string, PickledTensor>,
  place: (key: string) => {offset: number; size: number},
  path: string,
): Weights {
  const weights = new Map<string, SourceTensor>();
  for (const [name, {storage, offset, shape, strides}] of tensors) {
    if (!isContiguous(shape, strides)) throw invalid(path, `holds "${name}" as a strided view`);
    const {offset: start, size} = place(storage.key);
    const width = DTYPES[storage.dtype];
    if ((offset + valueCount(shape)) * width > size) throw invalid(path, `holds too few values of "${name}"`);
    weights.set(name, {name, dtype: storage.dtype, shape, path, offset: start + offset * width});
  }
  return weights;
}

function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    if (shape[i] !== 1 && strides[i] !== step) return false;
    step *= shape[i] as number;
  }
  return true;
}

function notCheckpoint(path: string, head: Buffer): EngineError {
  const foreign = recognise(head);
  if (foreign) return new EngineError('model_invalid', `${path} is ${foreign.kind}, not a PyTorch checkpoint`, foreign);
  return invalid(path, 'is not a PyTorch checkpoint in the zip format');
}

function invalid(path: string, what: string): EngineError {
  return new EngineError('model_invalid', `${path} ${what}`, {
    hint: 'Fetch the file again, or save it as consolidated.safetensors.',
  });
}
