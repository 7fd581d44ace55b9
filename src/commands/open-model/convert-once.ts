// Opens a folder that needs conversion: converted once with consent, then taken from the cache.
import {existsSync, readdirSync, statSync} from 'node:fs';
import {basename, dirname, join} from 'node:path';
import {EngineError} from '../../base/errors.ts';
import {fileError} from '../../base/files/file-error.ts';
import {makeFolder} from '../../base/files/make-folder.ts';
import {readRegular} from '../../base/files/regular-file.ts';
import {removeDeadParts, writeWhole} from '../../base/files/whole-file.ts';
import {formatBytes, formatDuration} from '../../base/units.ts';
import {convertFolder, estimateBytes, quantisation} from '../../engine/convert/convert-folder.ts';
import {fingerprint} from '../../engine/convert/source/fingerprint.ts';
import {folderName} from '../../engine/convert/source/folder-name.ts';
import {openSourceFolder, type SourceFolder} from '../../engine/convert/source/source-folder.ts';
import {thisMachine} from '../../engine/models/memory/machine.ts';
import {ByteProgress} from '../host/byte-progress.ts';
import {confirm} from '../host/confirm.ts';
import {cacheFolder} from '../host/folders.ts';
import type {Io} from '../host/io.ts';

export interface ConvertOnceFlags {
  readonly quant?: string;
  readonly yes?: true;
}

/** Source bytes a second, with two threads; for the time that is promised. */
const EXPECTED_RATE = 150e6;
/** Kept free for the context and for other programs. */
const RESERVE = 3e9;

/** Path of the GGUF for this folder, converted now unless that was done before. Throws EngineError, or the stop's reason. */
export async function convertOnce(io: Io, folder: string, flags: ConvertOnceFlags): Promise<string> {
  const cached = convertedBefore(io, folder, flags.quant);
  if (cached !== undefined) return cached;
  const source = openSourceFolder(folder);
  const type = flags.quant === undefined ? defaultType(source) : asQuantisation(flags.quant);
  const out = resultPath(io, folder, type);
  const place = dirname(out);
  const size = estimateBytes(source, type);
  const time = formatDuration(Math.max(1, source.weightBytes / EXPECTED_RATE));
  const what = `${folder} has to be converted once: ${formatBytes(size)} as ${type} into ${place}, about ${time}.`;
  if (flags.yes) io.say(what);
  else if (!(await confirm(io, what, 'Continue?'))) {
    throw new EngineError('model_not_found', `${folder} was not converted`, {
      hint: 'To choose where and how: mistral convert --help',
    });
  }
  for (const note of source.notes) io.say(`note: ${note}`);
  tidy(io);
  await convert(io, source, type, out);
  await keepTokenizer(source, place);
  return out;
}

/** What conversions that were killed have left, also of folders that have changed since or are gone. */
function tidy(io: Io): void {
  const models = join(cacheFolder(io), 'models');
  for (const name of existsSync(models) ? readdirSync(models) : []) {
    const folder = join(models, name);
    // Downloads have parts of their own rules.
    if (name === 'fetched' || statSync(folder, {throwIfNoEntry: false})?.isDirectory() !== true) continue;
    for (const path of removeDeadParts(folder)) io.say(`removed ${path}, which a conversion that was killed had left`);
  }
}

/** The GGUF that was made of this folder earlier, of this quantisation or else of one that is made by default. */
export function convertedBefore(io: Io, folder: string, quant?: string): string | undefined {
  const types = quant === undefined ? ['Q8_0', 'Q4_K_M'] : [asQuantisation(quant)];
  return types.map((type) => resultPath(io, folder, type)).find((path) => existsSync(path));
}

function resultPath(io: Io, folder: string, type: string): string {
  const name = folderName(folder);
  return join(cacheFolder(io), 'models', `${name}-${fingerprint(folder)}`, `${name}-${type}.gguf`);
}

async function convert(io: Io, source: SourceFolder, type: string, out: string): Promise<void> {
  try {
    makeFolder(dirname(out), 0o700);
  } catch (error) {
    const closed = `Set XDG_CACHE_HOME to a folder that can be written, or choose the place: mistral convert ${source.folder} --out FILE`;
    throw fileError(error, dirname(out), 'write', {closed});
  }
  let progress = new ByteProgress(`converting ${source.name}`, io);
  try {
    await convertFolder(source, type, out, {
      workers: Math.min(8, thisMachine().cores),
      signal: io.stop,
      progress: (done, total) => progress.update(done, total),
      stage: (what) => {
        progress.end();
        progress = new ByteProgress(what, io, {unit: 'tensors'});
      },
    });
  } finally {
    progress.end();
  }
}

/** The tokenizer file says more than a GGUF can: settings of v15, the exact version. */
function keepTokenizer({tokenizer}: SourceFolder, place: string): Promise<void> {
  return writeWhole(join(place, basename(tokenizer)), readRegular(tokenizer));
}

/** What a folder is converted to when nothing else is asked for: exact enough, when there is room for it. */
export function defaultType(source: SourceFolder): 'Q8_0' | 'Q4_K_M' {
  return estimateBytes(source, 'Q8_0') + RESERVE <= thisMachine().ramBytes ? 'Q8_0' : 'Q4_K_M';
}

function asQuantisation(text: string): string {
  const type = quantisation(text);
  if (type !== undefined) return type;
  throw new EngineError('usage', `unknown quantisation "${text}"`, {
    hint: 'Use one such as Q8_0, Q6_K, Q5_K_M, Q4_K_M, BF16 or F16.',
  });
}
