// `mistral list --available`: the catalogue as a table of 80 columns, or as it is in JSON.

import {table} from '../../../base/text-table.ts';
import {formatBytes} from '../../../base/units.ts';
import {runsHere} from '../../../engine/local/engines.ts';
import {CATALOGUE, estimatedBytes} from '../../../engine/models/catalogue/catalogue.ts';
import {type CatalogueEntry, licenseTitle} from '../../../engine/models/catalogue/entry.ts';
import type {Io} from '../../host/io.ts';

const HEADER = ['NAME', 'PARAMETERS', 'Q4_K_M', 'LICENSE', 'ABILITIES'];
/** The quantisation whose size is told: the one that suits most machines. */
const SIZE_OF = 'Q4_K_M';

/** Prints every model that `mistral pull` knows by name. */
export async function listAvailable(io: Io, {json}: {json?: true}): Promise<void> {
  if (json) return io.json(CATALOGUE);
  const lines = table([HEADER, ...CATALOGUE.map(cells)]).split('\n');
  const [header = ''] = lines;
  const rows = await Promise.all(CATALOGUE.map(async (entry, at) => [lines[at + 1] ?? '', ...(await remarks(entry))]));
  io.show([header, ...rows.flat(), ''].join('\n'));
}

function cells(entry: CatalogueEntry): string[] {
  const {id, parameters, license, abilities} = entry;
  const own = abilities.filter((ability) => ability !== 'vision' && ability !== 'audio');
  return [id, parameters, formatBytes(estimatedBytes(entry, SIZE_OF)), licenseTitle(license), own.join(', ')];
}

/** Lines below the row of a model: why it cannot be opened, and what of the row nobody saw at its source. */
async function remarks({architecture, abilities, license, unverified = []}: CatalogueEntry): Promise<string[]> {
  const shown = unverified.filter((one) => one === 'license' || (one === 'abilities' && abilities.length > 0));
  const names = shown.map((one) => (one === 'license' ? `license ${licenseTitle(license)}` : one));
  return [
    ...(architecture === undefined || (await runsHere(architecture)) ? [] : ['    needs a newer engine']),
    ...(names.length > 0 ? [`    unverified: ${names.join(', ')}`] : []),
  ];
}
