// The models `mistral pull` knows by name, and what such a name means: on a machine of this size, with what behind the colon.
import {AVERAGE_BITS} from '../../gguf/file-types.ts';
import {EARLIER_MODELS} from './earlier-models.ts';
import type {CatalogueEntry} from './entry.ts';
import {MODELS_OF_TODAY} from './models-of-today.ts';

/** What is wanted of a model when its weights are wanted as they were published. */
export const ORIGINAL = 'original';

export const CATALOGUE: readonly CatalogueEntry[] = [...MODELS_OF_TODAY, ...EARLIER_MODELS];

/** Names that mean the first of these models that the memory (in bytes) is enough for. */
export const BY_MEMORY: readonly {
  readonly names: readonly string[];
  readonly models: readonly {readonly id: string; readonly needs: number}[];
}[] = [
  {
    names: ['small', 'mistral-small'],
    models: [
      {id: 'mistral-small-4', needs: 70e9},
      {id: 'mistral-small-3.2', needs: 0},
    ],
  },
];

export interface CatalogueName {
  /** What the name may mean, best first: all but the first are for what is on the machine already. */
  readonly entries: readonly [CatalogueEntry, ...CatalogueEntry[]];
  /** What is behind the colon: a quantisation or `original`. */
  readonly tag: string | undefined;
}

/**
 * `NAME` or `NAME:QUANT` of the catalogue, in any case; undefined for anything else. Some names of other programs have a
 * colon themselves. `memory` in bytes.
 */
export function catalogueName(text: string, memory: number): CatalogueName | undefined {
  const whole = entriesOf(text, memory);
  if (whole !== undefined) return {entries: whole, tag: undefined};
  const colon = text.lastIndexOf(':');
  const entries = colon < 0 ? undefined : entriesOf(text.slice(0, colon), memory);
  return entries && {entries, tag: text.slice(colon + 1) || undefined};
}

function entriesOf(name: string, memory: number): CatalogueName['entries'] | undefined {
  const wanted = name.toLowerCase();
  const choice = BY_MEMORY.find(({names}) => names.includes(wanted));
  if (choice === undefined) {
    const entry = CATALOGUE.find(({id, aliases}) => id === wanted || aliases.includes(wanted));
    return entry && [entry];
  }
  const models = [...choice.models].sort((a, b) => Number(b.needs <= memory) - Number(a.needs <= memory));
  const [first, ...others] = models.map(({id}) => CATALOGUE.find((entry) => entry.id === id)) as CatalogueEntry[];
  return first && [first, ...others];
}

/** About how many bytes its file takes, from its number of parameters. */
export function estimatedBytes({parameters}: CatalogueEntry, quant: string): number {
  const unit = parameters.includes('T') ? 1e12 : 1e9;
  return (Number.parseFloat(parameters) * unit * (AVERAGE_BITS[quant] ?? 16)) / 8;
}
