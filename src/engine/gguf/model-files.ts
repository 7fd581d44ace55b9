// Groups the GGUF files of a folder into models: sidecars out, split files together (llama.cpp's naming rules).

/** One file of a folder: its name and its size in bytes. */
export interface FolderFile {
  readonly name: string;
  readonly bytes: number;
}

export interface ModelFile {
  /** File name to load: the only file, or the first part. */
  readonly name: string;
  /** File names of all parts there are, in order; one for an unsplit model. */
  readonly parts: readonly string[];
  /** Names of parts that ought to be there and are not. */
  readonly missing: readonly string[];
  /** Bytes of all parts together. */
  readonly bytes: number;
  /** Quantisation as the file name tells it, such as `Q4_K_M`; undefined when it does not. */
  readonly quant: string | undefined;
}

const SPLIT = /^(.*)-(\d{5})-of-(\d{5})\.gguf$/i;
const SIDECAR = /mmproj|imatrix|^mtp-|[-_.]mtp-|eagle3-|dflash-|dspark-|(^|[-_.])(vocab|lora|adapter)([-_.]|$)/i;
const QUANT = /(?:^|[-_.])((?:UD-)?(?:I?Q\d(?:_[A-Z0-9]+)*|TQ\d_\d|MXFP4(?:_MOE)?|NVFP4|BF16|FP?16|FP?32))(?=[-_.]|$)/i;

/** Whether a GGUF of this name only goes with a model (vision projector, importance matrix, draft head, adapter). */
export function isSidecar(name: string): boolean {
  return SIDECAR.test(name.replace(/\.gguf$/i, ''));
}

/** Quantisation named in a file name, in llama.cpp's spelling; undefined when there is none. */
export function quantFromName(name: string): string | undefined {
  const found = QUANT.exec(name.replace(/\.gguf$/i, '').replace(/-\d{5}-of-\d{5}$/, ''))?.[1]?.toUpperCase();
  return found?.replace(/^FP(16|32)$/, 'F$1');
}

/** The place of a file in a split model, from its name; undefined when it is not split. */
export function splitOf(name: string): {prefix: string; part: number; count: number} | undefined {
  const match = SPLIT.exec(name);
  if (match === null) return undefined;
  return {prefix: match[1] ?? '', part: Number(match[2]), count: Number(match[3])};
}

/** File name of part `part` (from 1) of a split model. */
export function splitName(prefix: string, part: number, count: number): string {
  const five = (n: number) => String(n).padStart(5, '0');
  return `${prefix}-${five(part)}-of-${five(count)}.gguf`;
}

/** Models among the files of one folder, biggest first; files that are no GGUF by name are ignored. */
export function modelFiles(files: readonly FolderFile[]): ModelFile[] {
  const groups = new Map<string, FolderFile[]>();
  for (const file of files) {
    if (!/\.gguf$/i.test(file.name) || isSidecar(file.name)) continue;
    const split = splitOf(file.name);
    const key = split === undefined ? file.name : `${split.prefix}/${split.count}`;
    groups.set(key, [...(groups.get(key) ?? []), file]);
  }
  return [...groups.values()].map(toModelFile).sort((a, b) => b.bytes - a.bytes || (a.name < b.name ? -1 : 1));
}

function toModelFile(group: readonly FolderFile[]): ModelFile {
  const files = [...group].sort((a, b) => (a.name < b.name ? -1 : 1));
  const present = files.map((file) => file.name);
  const first = present[0] as string;
  const split = splitOf(first);
  const wanted =
    split === undefined
      ? present
      : Array.from({length: split.count}, (_, index) => splitName(split.prefix, index + 1, split.count));
  return {
    name: wanted[0] as string,
    parts: present,
    missing: wanted.filter((name) => !present.includes(name)),
    bytes: files.reduce((sum, file) => sum + file.bytes, 0),
    quant: quantFromName(first),
  };
}

/** The file name without its quantisation and split marks: equal for quantisations of one model. */
export function baseName({name, quant}: Pick<ModelFile, 'name' | 'quant'>): string {
  const stem = name.toLowerCase().replace(/(-\d{5}-of-\d{5})?\.gguf$/, '');
  return quant === undefined ? stem : stem.replace(quant.toLowerCase(), '').replace(/[-_.]+$/, '');
}
