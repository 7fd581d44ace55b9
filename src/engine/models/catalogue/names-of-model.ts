// By which names a model of this machine is asked for over HTTP: its file's, its quantisation's, the catalogue's, its store's.
import {basename} from 'node:path';
import {baseName, quantFromName, splitOf} from '../../gguf/model-files.ts';
import type {GgufFile} from '../../gguf/read-header.ts';
import {entryOfFile} from './entry-of-file.ts';

export interface ModelNames {
  /** The one it is shown under. */
  readonly id: string;
  /** The others, best first; other models may have some of them too. */
  readonly names: readonly string[];
}

/** Stores whose files are named by numbers, or all alike: there the store's own name says more. */
const NAMED_BY_STORE = /^(?:ollama|jan):/;

/** `stored`: what `mistral list` shows it under, where it is in a store. Names are told apart whatever their case. */
export function namesOfModel(file: Pick<GgufFile, 'path' | 'metadata'>, stored?: string): ModelNames {
  const name = basename(file.path);
  const own = stored !== undefined && NAMED_BY_STORE.test(stored) ? stored.replace(NAMED_BY_STORE, '') : undefined;
  const stem = splitOf(name)?.prefix ?? name.replace(/\.gguf$/i, '');
  const id = own?.replace(/:latest$/, '') ?? stem;
  const quant = quantFromName(name);
  const entry = entryOfFile(file);
  const plain = [
    ...(own === undefined ? [baseName({name, quant})] : []),
    ...(entry === undefined ? [] : [entry.id, ...entry.aliases]),
  ];
  const quantised = quant === undefined ? [] : plain.map((one) => `${one}:${quant}`);
  const names = [...quantised, ...plain, ...(stored === undefined ? [] : [stored])];
  return {id, names: [...new Set(names)].filter((one) => one !== '' && one !== id)};
}
