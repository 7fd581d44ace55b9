// The adapter behind --lora-path: a GGUF as it is, mistral-inference's lora.safetensors converted once.
import {existsSync, mkdirSync, statSync} from 'node:fs';
import {basename, dirname, join} from 'node:path';
import {writePlan} from '../engine/convert/convert.ts';
import {fingerprint} from '../engine/convert/fingerprint.ts';
import {planLora} from '../engine/convert/lora.ts';
import {EngineError} from '../engine/errors.ts';
import type {GgufFile} from '../engine/models/gguf.ts';
import type {Io} from './io.ts';
import {cacheFolder} from './places.ts';

/** Path of the adapter GGUF for this base. Throws EngineError when there is none or it does not fit the base. */
export async function loraAdapter(io: Io, path: string, base: GgufFile): Promise<string> {
  const stat = statSync(path, {throwIfNoEntry: false});
  if (stat === undefined) {
    throw new EngineError('model_not_found', `there is no LoRA adapter ${path}`, {hint: 'Check --lora-path.'});
  }
  const file = stat.isDirectory() ? join(path, 'lora.safetensors') : path;
  if (!file.endsWith('.safetensors')) return file;
  if (!existsSync(file)) {
    throw new EngineError('model_not_found', `there is no lora.safetensors in ${path}`, {
      hint: 'Give the file itself.',
    });
  }
  const plan = planLora(file, base);
  const name = `${basename(file, '.safetensors')}-${fingerprint(dirname(file), basename(file))}.gguf`;
  const out = join(cacheFolder(io), 'adapters', name);
  if (existsSync(out)) return out;
  mkdirSync(dirname(out), {recursive: true, mode: 0o700});
  await writePlan(plan, out, {workers: 0, signal: io.stop});
  return out;
}
