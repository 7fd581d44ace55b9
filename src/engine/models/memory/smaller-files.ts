// What could be loaded in place of a model that is too large: its smaller quantisations here, and those to be fetched.
import {readdirSync, statSync} from 'node:fs';
import {basename, dirname, join} from 'node:path';
import {formatBytes} from '../../../base/units.ts';
import {baseName, modelFiles} from '../../gguf/model-files.ts';
import type {GgufFile} from '../../gguf/read-header.ts';
import {estimatedBytes} from '../catalogue/catalogue.ts';
import {entryOfFile} from '../catalogue/entry-of-file.ts';
import type {PlannedModel} from './memory-plan.ts';

/** What `mistral pull` is offered with, best first. */
const OFFERED = ['Q6_K', 'Q5_K_M', 'Q4_K_M', 'Q3_K_M', 'Q2_K'];

/** At most two files of the same folder and one to fetch, as clauses; `fits` judges a size in bytes. */
export function smallerFiles(file: GgufFile, {bytes}: PlannedModel, fits: (bytes: number) => boolean): string[] {
  const folder = dirname(file.path);
  const models = modelFiles(
    readdirSync(folder).map((name) => ({
      name,
      bytes: statSync(join(folder, name), {throwIfNoEntry: false})?.size ?? 0,
    })),
  );
  const own = models.find(({parts}) => parts.includes(basename(file.path)));
  const siblings = models.filter(
    (model) => own && model !== own && model.bytes < bytes && baseName(model) === baseName(own) && fits(model.bytes),
  );
  const here = siblings.slice(0, 2).map(({name, bytes: size}) => `${name} beside it (${formatBytes(size)})`);
  return [...here, ...(own && here.length === 0 ? toFetch(file, bytes, fits) : [])];
}

function toFetch(file: GgufFile, bytes: number, fits: (bytes: number) => boolean): string[] {
  const entry = entryOfFile(file);
  if (entry?.gguf === undefined) return [];
  const quant = OFFERED.find((name) => estimatedBytes(entry, name) < bytes && fits(estimatedBytes(entry, name)));
  return quant ? [`mistral pull ${entry.id}:${quant} (about ${formatBytes(estimatedBytes(entry, quant))})`] : [];
}
