// Which model of the catalogue a file is: by the repository it was fetched from, its own name or the one in its header.
import {basename} from 'node:path';
import {baseName, quantFromName} from '../../gguf/model-files.ts';
import type {GgufFile} from '../../gguf/read-header.ts';
import {CATALOGUE} from './catalogue.ts';
import type {CatalogueEntry} from './entry.ts';

/** The entry of this file; undefined for what is not in the catalogue, fine-tunes of other names included. */
export function entryOfFile({path, metadata}: Pick<GgufFile, 'path' | 'metadata'>): CatalogueEntry | undefined {
  const repository = /[/\\]models--([^/\\]+?)--([^/\\]+)[/\\]snapshots[/\\]/.exec(path)?.slice(1).join('/');
  const name = basename(path);
  const names = [baseName({name, quant: quantFromName(name)}), metadata.string('general.name') ?? ''].map(normalised);
  return CATALOGUE.find(({hf, gguf = hf}) => {
    const own = [hf, gguf];
    return own.some((one) => one === repository || names.includes(normalised(one.split('/')[1] ?? '')));
  });
}

/** Repositories and their files differ in a maker's prefix, in what stands between words, and in the word GGUF. */
function normalised(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[_ ]/g, '-')
    .replace(/^mistralai-/, '')
    .replace(/-gguf$/, '');
}
