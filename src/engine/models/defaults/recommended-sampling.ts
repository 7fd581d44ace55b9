// The sampling that is recommended for a model: what its file says, before what the catalogue says.
import type {PublishedSystem} from '../../contract/backend.ts';
import type {RecommendedSampling} from '../../contract/sampling.ts';
import type {NumberKey} from '../../contract/sampling-table.ts';
import {readSamplingKeys} from '../../defaults/sampling-keys.ts';
import type {GgufFile} from '../../gguf/read-header.ts';
import {entryOfFile} from '../catalogue/entry-of-file.ts';

/** Where the catalogue says that a system prompt for this file is published; undefined where it says nothing. */
export function publishedSystem(file: GgufFile): PublishedSystem | undefined {
  const {systemPrompt, hf, unverified} = entryOfFile(file) ?? {};
  if (systemPrompt === undefined || hf === undefined) return undefined;
  const isUnverified = unverified?.includes('systemPrompt') === true;
  return {repository: hf, thinks: systemPrompt === 'thinks', isUnverified};
}

export interface ModelSampling {
  readonly sampling: RecommendedSampling;
  /** Figures that were ignored and why, a sentence each. */
  readonly notes: readonly string[];
}

/** Each figure of the file, else of the catalogue, with its origin. */
export function recommendedSampling(file: GgufFile): ModelSampling {
  const {figures, origin, notes} = readSamplingKeys(file.metadata);
  const entry = entryOfFile(file);
  const catalogue = entry?.unverified?.includes('sampling') ? 'the catalogue, unverified' : 'the catalogue';
  return {sampling: {...from(entry?.sampling ?? {}, catalogue), ...from(figures, origin)}, notes};
}

function from(figures: {readonly [Key in NumberKey]?: number}, origin: string): RecommendedSampling {
  return Object.fromEntries(Object.entries(figures).map(([key, value]) => [key, {value, origin}]));
}
