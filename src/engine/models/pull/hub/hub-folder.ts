// The files of a repository that make a model's folder, for weights that nobody has made a GGUF of.
import {EngineError} from '../../../../base/errors.ts';
import {formatBytes} from '../../../../base/units.ts';
import {folderKind} from '../../folder-kind.ts';

export interface HubFile {
  readonly name: string;
  readonly bytes: number;
  /** Of the content; undefined for small files that git keeps itself. */
  readonly sha256: string | undefined;
  /** Git's name for the content of those: the sha1 of a header and the content. */
  readonly gitBlob: string | undefined;
}

export interface HubRepository {
  readonly repo: string;
  /** Branch, tag, commit or `refs/pr/7` that was asked for. */
  readonly revision: string;
  readonly commit: string;
  readonly files: readonly HubFile[];
}

export interface ChosenFiles {
  readonly files: readonly HubFile[];
  /** Whether the folder they lie in is the model, in place of the first of them. */
  readonly isFolder: boolean;
  /** One line: which and why. */
  readonly note: string;
}

const TOKENIZERS = 'tekken\\.json|tokenizer\\.model(\\.v\\d+(m\\d+)?)?';
const SETTINGS = 'config|tokenizer|tokenizer_config|chat_template|special_tokens_map';
const RECOMMENDS = 'generation_config\\.json|SYSTEM_PROMPT\\.txt';
/** Of the other format, what conversion reads beside Mistral's own files: small, and some figures stand only there. */
const BESIDE = 'config\\.json|tokenizer_config\\.json|chat_template\\.(json|jinja)';
/** What is read of each kind of folder; a repository of both kinds is fetched in Mistral's, which comes first. */
const PARTS = {
  mistral: new RegExp(`^(params\\.json|consolidated.*\\.safetensors|${BESIDE}|${RECOMMENDS}|${TOKENIZERS})$`),
  hf: new RegExp(
    `^((${SETTINGS})\\.json|chat_template\\.jinja|model.*\\.safetensors(\\.index\\.json)?|${RECOMMENDS}|${TOKENIZERS})$`,
  ),
  lora: /^(lora\.safetensors|adapter_config\.json|adapter_model\.safetensors|params\.json)$/,
} as const;
const NAMES = {mistral: "Mistral's format", hf: "Hugging Face's format", lora: 'a LoRA adapter'} as const;

/** The folder of a repository's original weights. Throws EngineError model_not_found when it holds none. */
export function chooseFolder({repo, files}: HubRepository): ChosenFiles {
  const there = files.filter(({name}) => !name.includes('/') && !/\.gguf$/i.test(name));
  const kind = folderKind(there);
  if (kind.kind === 'gguf' || kind.kind === 'none') {
    throw new EngineError('model_not_found', `${repo} holds no model`, {
      hint: (kind.kind === 'none' && kind.almost) || 'It has neither a GGUF file nor weights in safetensors.',
    });
  }
  const chosen = pickled(
    there.filter(({name}) => PARTS[kind.kind].test(name)),
    there,
  );
  const size = formatBytes(chosen.reduce((sum, {bytes}) => sum + bytes, 0));
  // Small files first: what is wrong with them is known before the weights come.
  const sorted = chosen.toSorted((a, b) => a.bytes - b.bytes);
  const note = `${NAMES[kind.kind]}, ${size} in ${chosen.length} files`;
  return {files: sorted, isFolder: true, note: kind.kind === 'lora' ? note : `${note}, converted when it is opened`};
}

/** Older repositories have their weights in a pickle only. */
function pickled(chosen: readonly HubFile[], there: readonly HubFile[]): readonly HubFile[] {
  if (chosen.some(({name}) => name.endsWith('.safetensors'))) return chosen;
  return [...chosen, ...there.filter(({name}) => /^consolidated.*\.pth?$/.test(name))];
}
