// `mistral verify`: does a converted GGUF hold what its source folder says?
import {createHash} from 'node:crypto';
import {closeSync, mkdtempSync, openSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {Command} from 'commander';
import {EngineError} from '../../base/errors.ts';
import {readAt} from '../../base/files/read-at.ts';
import {convertFolder} from '../../engine/convert/convert-folder.ts';
import {compareFile, planConversion} from '../../engine/convert/convert-weights.ts';
import {openSourceFolder, type SourceFolder} from '../../engine/convert/source/source-folder.ts';
import type {Plan} from '../../engine/convert/tensors/plan.ts';
import {fileTypeName} from '../../engine/gguf/file-types.ts';
import {checkLoadable} from '../../engine/gguf/preflight.ts';
import {type GgufFile, type GgufTensor, readGguf} from '../../engine/gguf/read-header.ts';
import {isOutputType} from '../../engine/gguf/write-header.ts';
import {findModel, findPath} from '../../engine/models/find-model.ts';
import {thisMachine} from '../../engine/models/memory/machine.ts';
import {type FoundModel, notUnpacked} from '../../engine/models/model-at.ts';
import {ByteProgress} from '../host/byte-progress.ts';
import type {Io} from '../host/io.ts';
import {whereToLook} from '../open-model/meant.ts';
import {number} from '../options.ts';
import {weightsFolder} from './weights-folder.ts';

interface VerifyFlags {
  readonly workers?: number;
  readonly json?: true;
}

const EXAMPLES = `
Examples:
  mistral verify my-finetune-Q8_0.gguf ./my-finetune

A K-quantised file is compared with a second conversion in the temporary folder, which needs as much room.`;

/** Adds options, examples and the action of `mistral verify`. */
export function addVerifyCommand(command: Command, io: Io): void {
  command
    .argument('<file>', 'the converted .gguf, or its name')
    .argument('<folder>', 'the folder it was made from')
    .option('--workers <n>', 'threads beside the main one', number({integer: true, min: 0, max: 64}))
    .option('--json', 'print the result as a JSON object')
    .addHelpText('after', EXAMPLES)
    .action((file: string, folder: string) => verify(io, file, folder, command.opts<VerifyFlags>()));
}

async function verify(io: Io, name: string, source: string, flags: VerifyFlags): Promise<void> {
  const where = whereToLook(io);
  const file = convertedFile(findModel(name, where));
  const {path} = file;
  const folder = weightsFolder(findPath(source, where));
  const architecture = file.metadata.string('general.architecture');
  const context = file.metadata.number(`${architecture}.context_length`);
  const weights = openSourceFolder(folder, {context, noWindow: architecture !== 'granite_swa'});
  const type = fileTypeName(file.metadata.number('general.file_type') ?? -1);
  if (type === undefined) {
    throw new EngineError('unsupported', `${path} does not name its quantisation`, {hint: 'Convert the folder again.'});
  }
  const different = isOutputType(type)
    ? await compareDirectly(io, file, planConversion(weights, type), flags)
    : await compareAgain(io, file, weights, type, flags);
  const tensors = file.tensors.length;
  if (flags.json) io.json({path, tensors, different});
  if (different.length > 0) {
    const names = different.slice(0, 5).join(', ');
    throw new EngineError(
      'model_invalid',
      `${path} differs from ${folder} in ${different.length} of ${tensors} tensors: ${names}`,
      {
        hint: 'The file is damaged, or was made by another program or version: convert the folder again.',
      },
    );
  }
  io.say(`${path} holds ${tensors} tensors, all as in ${folder}`);
}

/** @throws EngineError for what is no file that a conversion could have made. */
function convertedFile(found: FoundModel): GgufFile {
  if (found.kind === 'tokenizer') throw found.noModel;
  if (found.kind === 'tar') throw notUnpacked(found.path);
  if (found.kind === 'folder') {
    throw new EngineError('model_invalid', `${found.folder} holds no converted file`, {
      hint: 'Give the .gguf first, then the folder it was made from.',
    });
  }
  checkLoadable(found.file);
  return found.file;
}

/** Tensors are found by name, so a file of another program with another order can be verified too. */
async function compareDirectly(io: Io, file: GgufFile, plan: Plan, {workers}: VerifyFlags): Promise<string[]> {
  const there = new Map(file.tensors.map((tensor) => [tensor.name, tensor]));
  const fits = (tensor: Plan['tensors'][number]) => sameForm(there.get(tensor.name), tensor);
  const unfit = plan.tensors.filter((tensor) => !fits(tensor)).map(({name}) => name);
  const known = new Set(plan.tensors.map(({name}) => name));
  const extra = file.tensors.filter(({name}) => !known.has(name)).map(({name}) => name);
  const tensors = plan.tensors.filter(fits);
  const offsets = tensors.map(({name}) => there.get(name)?.offset ?? 0);
  const placed: Plan = {...plan, tensors, layout: {...plan.layout, offsets}};
  const different = new Set<string>();
  const progress = new ByteProgress('verifying', io);
  const fd = openSync(file.path, 'r');
  try {
    await compareFile(
      placed,
      fd,
      {
        workers: workers ?? Math.min(8, thisMachine().cores),
        signal: io.stop,
        progress: (done, total) => progress.update(done, total),
      },
      (offset) => different.add(tensorAt(file, offset)),
    );
  } finally {
    closeSync(fd);
    progress.end();
  }
  return [...unfit, ...extra, ...different];
}

function sameForm(there: GgufTensor | undefined, {type, shape}: Plan['tensors'][number]): boolean {
  return there?.type === type && there.shape.join() === shape.toReversed().join();
}

function tensorAt({tensors}: GgufFile, offset: number): string {
  return tensors.find((tensor) => offset >= tensor.offset && offset < tensor.offset + (tensor.bytes ?? 0))?.name ?? '?';
}

async function compareAgain(io: Io, file: GgufFile, source: SourceFolder, type: string, {workers}: VerifyFlags) {
  const folder = mkdtempSync(join(tmpdir(), 'mistral-verify-'));
  const progress = new ByteProgress('converting again', io);
  try {
    const path = join(folder, 'again.gguf');
    await convertFolder(source, type, path, {
      workers: workers ?? Math.min(8, thisMachine().cores),
      signal: io.stop,
      progress: (done, total) => progress.update(done, total),
    });
    const again = readGguf(path);
    const made = new Map(again.tensors.map((tensor) => [tensor.name, tensor]));
    const equal = (tensor: GgufTensor) => tensorHash(file, tensor) === tensorHash(again, made.get(tensor.name));
    return file.tensors.filter((tensor) => !equal(tensor)).map(({name}) => name);
  } finally {
    progress.end();
    rmSync(folder, {recursive: true, force: true});
  }
}

const CHUNK = 1 << 22;

function tensorHash({path}: GgufFile, tensor: GgufTensor | undefined): string | undefined {
  if (tensor === undefined) return undefined;
  const hash = createHash('sha256').update(`${tensor.type} ${tensor.shape.join()}`);
  const fd = openSync(path, 'r');
  try {
    const {offset, bytes = 0} = tensor;
    for (let at = 0; at < bytes; at += CHUNK) hash.update(readAt(fd, offset + at, Math.min(CHUNK, bytes - at)));
    return hash.digest('hex');
  } finally {
    closeSync(fd);
  }
}
