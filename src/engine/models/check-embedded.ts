// The check that the demonstration model is still the one that was shipped, with its checksum in a file beside it of
// the same name and `.crc32`.
import {existsSync, readFileSync} from 'node:fs';
import {crc32} from 'node:zlib';
import {EngineError} from '../../base/errors.ts';

const REINSTALL = 'Install the package again, or give a .gguf file or a model folder.';

/** The error when the package has no model. */
export function noEmbedded(): EngineError {
  return new EngineError('model_not_found', 'this installation has no embedded model', {hint: REINSTALL});
}

/**
 * Compares the file with its CRC-32, 8 hexadecimal digits; some 15 ms for 9 MB, and a flipped bit would else be noise
 * in the first answer anybody sees. Throws EngineError model_invalid.
 */
export function checkEmbedded(path: string): void {
  const checksum = `${path}.crc32`;
  const expected = existsSync(checksum) ? readFileSync(checksum, 'latin1').trim() : 'missing';
  const found = crc32(readFileSync(path)).toString(16).padStart(8, '0');
  if (found === expected) return;
  const why = `its checksum is ${found}, that of the shipped file ${expected}`;
  throw new EngineError('model_invalid', `the embedded demonstration model is damaged: ${path}: ${why}`, {
    hint: REINSTALL,
  });
}
