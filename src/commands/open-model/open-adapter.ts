// The adapter behind --lora-path: a GGUF as it is, one in the form it was trained in converted once.
import {existsSync, readdirSync, statSync} from 'node:fs';
import {basename, dirname, join} from 'node:path';
import {EngineError} from '../../base/errors.ts';
import {makeFolder} from '../../base/files/make-folder.ts';
import {ggufBase, planLora} from '../../engine/convert/convert-adapter.ts';
import {writePlan} from '../../engine/convert/convert-weights.ts';
import {findAdapter, readAdapter} from '../../engine/convert/source/adapter-file.ts';
import {fingerprint} from '../../engine/convert/source/fingerprint.ts';
import type {GgufFile} from '../../engine/gguf/read-header.ts';
import {cacheFolder} from '../host/folders.ts';
import type {Io} from '../host/io.ts';

/** Path of the adapter GGUF for this base. Throws EngineError when there is none or it does not fit the base. */
export async function loraAdapter(io: Io, path: string, base: GgufFile): Promise<string> {
  const stat = statSync(path, {throwIfNoEntry: false});
  if (stat === undefined) {
    throw new EngineError('model_not_found', `there is no LoRA adapter ${path}`, {hint: 'Check --lora-path.'});
  }
  if (stat.isFile() && !/\.(safetensors|json)$/.test(path)) return path;
  const file = stat.isFile() && path.endsWith('.safetensors') ? path : findAdapter(path);
  if (file === undefined || !existsSync(file)) {
    throw new EngineError('model_not_found', `there is no lora.safetensors or adapter_model.safetensors in ${path}`, {
      hint: 'Give the file itself.',
    });
  }
  const plan = planLora(readAdapter(file), ggufBase(base));
  const name = `${basename(file, '.safetensors')}-${contentKey(file)}.gguf`;
  const out = join(cacheFolder(io), 'adapters', name);
  if (existsSync(out)) return out;
  makeFolder(dirname(out), 0o700);
  await writePlan(plan, out, {workers: 0, signal: io.stop});
  return out;
}

/** Changes with the factors and with the strength PEFT keeps beside them. */
function contentKey(file: string): string {
  const folder = dirname(file);
  const names = [basename(file), 'adapter_config.json'].filter((name) => existsSync(join(folder, name)));
  return names.map((name) => fingerprint(folder, name)).join('-');
}

/** What to tell about an adapter that lies in a model's folder and was not asked for; undefined without one. */
export function adapterBeside(folder: string): string | undefined {
  const adapter = findAdapter(folder) ?? adapterGguf(folder);
  return adapter && `there is a LoRA adapter in the folder, not applied: --lora-path ${adapter}`;
}

function adapterGguf(folder: string): string | undefined {
  const name = readdirSync(folder).find((entry) => /(^|[-_.])(lora|adapter)([-_.].*)?\.gguf$/i.test(entry));
  return name && join(folder, name);
}
