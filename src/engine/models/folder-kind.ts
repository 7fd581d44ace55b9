// Recognises what kind of model a folder holds from the names in it.
import type {FolderFile, ModelFile} from '../gguf/model-files.ts';
import {modelFiles} from '../gguf/model-files.ts';
import {cutFile, joinCut} from './cut-file.ts';

export type FolderKind =
  | {readonly kind: 'gguf'; readonly models: readonly ModelFile[]}
  /** Mistral's own layout: params.json with consolidated weights. */
  | {readonly kind: 'mistral'}
  /** Hugging Face's layout: config.json with model weights. */
  | {readonly kind: 'hf'}
  | {readonly kind: 'lora'}
  /** `almost`: what is missing for a folder that is nearly a model, as a sentence. */
  | {readonly kind: 'none'; readonly almost: string | undefined};

const MISTRAL_WEIGHTS = /^consolidated(\.\d+)?(-\d+-of-\d+)?\.(safetensors|pth?)$/;
const HF_WEIGHTS = /^model(-\d{5}-of-\d{5})?\.safetensors$/;
/** Endings of what is still being downloaded. */
export const PARTIAL = /\.(part|partial|incomplete|ipull|downloadInProgress|crdownload|download)$/;

/** A folder with a GGUF is a GGUF folder whatever else lies in it; Mistral's layout goes before Hugging Face's. */
export function folderKind(files: readonly FolderFile[]): FolderKind {
  const models = modelFiles(files);
  if (models.length > 0) return {kind: 'gguf', models};
  const format = weightsFormat(files);
  if (format !== undefined) return {kind: format};
  const names = new Set(files.map((file) => file.name));
  if (names.has('lora.safetensors') || names.has('adapter_config.json')) return {kind: 'lora'};
  return {kind: 'none', almost: almost(names)};
}

/** The format of the weights, also where a GGUF was made of them; undefined without whole ones. */
export function weightsFormat(files: readonly FolderFile[]): 'mistral' | 'hf' | undefined {
  const has = (name: string | RegExp) =>
    files.some((file) => (typeof name === 'string' ? file.name === name : name.test(file.name)));
  if (has(MISTRAL_WEIGHTS) && has('params.json')) return 'mistral';
  return has(HF_WEIGHTS) && has('config.json') ? 'hf' : undefined;
}

/** Names of weights that ought to be there, as others say `-00001-of-00003`, and are not. */
export function missingShards(names: readonly string[]): string[] {
  const there = new Set(names);
  return [...there].flatMap((name) => {
    const [, stem = '', count = '', end = ''] = /^(.+)-\d{5}-of-(\d{5})(\.safetensors)$/.exec(name) ?? [];
    const all = Array.from(
      {length: Number(count)},
      (_, at) => `${stem}-${String(at + 1).padStart(5, '0')}-of-${count}${end}`,
    );
    // Said once, by the first of them that is there.
    const missing = all.filter((one) => !there.has(one));
    return all.find((one) => there.has(one)) === name ? missing : [];
  });
}

function almost(names: ReadonlySet<string>): string | undefined {
  const mistral = [...names].some((name) => MISTRAL_WEIGHTS.test(name));
  const hf = [...names].some((name) => HF_WEIGHTS.test(name));
  if (mistral) return 'There are weights but no params.json: fetch it from the same place.';
  if (hf) return 'There are weights but no config.json: fetch it from the same place.';
  if (names.has('params.json')) return 'There is params.json but no consolidated.safetensors (or consolidated.00.pth).';
  const pickled = [...names].find((name) => /^pytorch_model.*\.bin$/.test(name));
  if (pickled) return `${pickled} is an older form of weights: fetch the folder that has them as model.safetensors.`;
  if (names.has('config.json')) return 'There is config.json but no model.safetensors.';
  const partial = [...names].find((name) => PARTIAL.test(name));
  if (partial) return `${partial} is an unfinished download: go on with it.`;
  const cut = [...names].map(cutFile).find((found) => found !== undefined);
  if (cut) return `There are pieces of a cut file. ${joinCut(cut)}`;
  const archive = [...names].find((name) => /\.(tar|zip|tgz|tar\.gz)$/.test(name));
  return archive && `${archive} is an archive: unpack it and give the folder inside.`;
}
