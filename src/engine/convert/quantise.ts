// Quantisations beyond Q8_0 through the library the engine ships: the same code and bytes as llama-quantize.
import {fork} from 'node:child_process';
import {readdirSync} from 'node:fs';
import {createRequire} from 'node:module';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {EngineError} from '../../base/errors.ts';
import {checkRoom} from '../../base/files/file-error.ts';
import {processorBuild, systemName} from '../engine-packages.ts';
import {fileTypeId} from '../gguf/file-types.ts';

export interface QuantiseOptions {
  readonly threads: number;
  readonly signal: AbortSignal;
  /** Tensors done, of all. */
  readonly progress?: (done: number, total: number) => void;
}

const UNKNOWN_LAYOUT = 3;
/** A write that failed with less than this left failed for want of room: tensors are written a piece at a time. */
const FULL_BYTES = 64 << 20;
const require = createRequire(import.meta.url);

/**
 * Writes the model `from` (F32, F16 or BF16) to `to` as llama.cpp's file type `type`.
 * Throws EngineError unsupported where the library or the FFI package is not there, or is of another release;
 * backend_failed with the library's own words; disk_full; the signal's reason.
 */
export async function quantiseFile(from: string, to: string, type: string, options: QuantiseOptions): Promise<void> {
  options.signal.throwIfAborted();
  const library = quantiserLibrary();
  const script = fileURLToPath(new URL('./quantise-child.js', import.meta.url));
  const args = [library, from, to, String(fileTypeId(type)), String(options.threads)];
  const child = fork(script, args, {stdio: ['ignore', 'ignore', 'pipe', 'ipc']});
  const kill = () => void child.kill('SIGKILL');
  options.signal.addEventListener('abort', kill);
  let log = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    log = (log + text).slice(-4000);
    const [, done, total] = [...text.matchAll(/\[\s*(\d+)\/\s*(\d+)\]/g)].at(-1) ?? [];
    if (done !== undefined) options.progress?.(Number(done), Number(total));
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  }).finally(() => options.signal.removeEventListener('abort', kill));
  options.signal.throwIfAborted();
  if (code === 0) return;
  if (code === UNKNOWN_LAYOUT) throw unavailable('the engine library is of another release than this program expects');
  // The library does not say why a write failed; the disk does.
  await checkRoom(dirname(to), FULL_BYTES, 'Free some space, or write to another disk.');
  throw new EngineError('backend_failed', `quantising ${from} to ${type} failed: ${lastLine(log)}`, {
    hint: 'Try Q8_0, which needs no library.',
  });
}

/** Path of the llama library in the engine's package for this platform. Throws EngineError unsupported. */
export function quantiserLibrary(): string {
  try {
    require.resolve('koffi');
  } catch {
    throw unavailable('the package koffi is not installed');
  }
  const {folder} = processorBuild();
  const library = folder && readdirSync(folder).find((file) => /^(lib)?llama(\.v[\d.]+)?\.(so|dylib|dll)$/.test(file));
  if (folder === undefined || library === undefined)
    throw unavailable(`there is no engine library for ${systemName()}`);
  return join(folder, library);
}

function unavailable(why: string): EngineError {
  return new EngineError('unsupported', `quantisations other than Q8_0, BF16, F16 and F32 are not available: ${why}`, {
    hint: 'Use --quant Q8_0.',
  });
}

function lastLine(log: string): string {
  return log.trim().split('\n').at(-1) ?? 'no reason was given';
}
