// `mistral convert ADAPTER --base MODEL`: a LoRA adapter becomes the adapter GGUF that llama.cpp's programs take.
import {existsSync, statSync} from 'node:fs';
import {EngineError} from '../../base/errors.ts';
import {formatBytes} from '../../base/units.ts';
import {folderBase, ggufBase, type LoraBase, planLora} from '../../engine/convert/convert-adapter.ts';
import {writePlan} from '../../engine/convert/convert-weights.ts';
import {readAdapter} from '../../engine/convert/source/adapter-file.ts';
import {openSourceFolder} from '../../engine/convert/source/source-folder.ts';
import {findModel} from '../../engine/models/find-model.ts';
import {notUnpacked} from '../../engine/models/model-at.ts';
import type {Io} from '../host/io.ts';
import {whereToLook} from '../open-model/meant.ts';

export interface ConvertLoraFlags {
  readonly base?: string;
  readonly scaling?: number;
  readonly out?: string;
  readonly force?: true;
  readonly json?: true;
}

/** Writes FILE.gguf beside the factors, or --out. Throws EngineError. */
export async function convertLora(io: Io, path: string, flags: ConvertLoraFlags): Promise<void> {
  if (flags.base === undefined) {
    throw new EngineError('usage', `${path} is a LoRA adapter: name its base model with --base`, {
      hint: `mistral convert ${path} --base FOLDER_OR_GGUF`,
    });
  }
  const out = flags.out ?? path.replace(/\.safetensors$/, '.gguf');
  if (existsSync(out) && !flags.force) {
    throw new EngineError('usage', `${out} already exists`, {
      hint: 'Choose another --out, or use --force to overwrite it.',
    });
  }
  const adapter = readAdapter(path, flags.scaling);
  await writePlan(planLora(adapter, openBase(io, flags.base)), out, {workers: 0, signal: io.stop});
  const bytes = statSync(out).size;
  io.say(`wrote ${out}: ${formatBytes(bytes)}; use it with --lora-path`);
  if (flags.json) io.json({path: out, bytes});
}

/** A GGUF or a folder of either kind: only the shapes of its weights are read. */
function openBase(io: Io, name: string): LoraBase {
  const found = findModel(name, whereToLook(io));
  switch (found.kind) {
    case 'gguf':
      return ggufBase(found.file);
    case 'folder':
      return folderBase(openSourceFolder(found.folder));
    case 'tar':
      throw notUnpacked(found.path);
    case 'tokenizer':
      throw found.noModel;
  }
}
