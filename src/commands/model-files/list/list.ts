// `mistral list` and `mistral rm`: the models on this machine.
import {readdirSync, rmSync} from 'node:fs';
import {basename, dirname, join} from 'node:path';
import type {Command} from 'commander';
import {EngineError} from '../../../base/errors.ts';
import {fileError} from '../../../base/files/file-error.ts';
import {table} from '../../../base/text-table.ts';
import {formatBytes} from '../../../base/units.ts';
import {splitName, splitOf} from '../../../engine/gguf/model-files.ts';
import {listHubCache, removeCached} from '../../../engine/models/hub-cache/cached-models.ts';
import {removeLeftovers} from '../../../engine/models/hub-cache/hub-leftovers.ts';
import type {StoredModel} from '../../../engine/models/other-stores.ts';
import {only, sameName} from '../../../engine/models/stored-model.ts';
import {hubCacheFolder, listStores} from '../../../engine/models/stores.ts';
import {confirm} from '../../host/confirm.ts';
import type {Io} from '../../host/io.ts';
import {whereToLook} from '../../open-model/meant.ts';

/** Adds options and the action of `mistral list`. */
export function addListCommand(command: Command, io: Io): void {
  command
    .option('--available', 'models that `mistral pull` can fetch by name')
    .option('--json', 'one JSON array')
    .action(async () => {
      const flags = command.opts<{available?: true; json?: true}>();
      if (!flags.available) return list(io, flags);
      const {listAvailable} = await import('./list-available.ts');
      await listAvailable(io, flags);
    });
}

/** Adds options and the action of `mistral rm`. */
export function addRmCommand(command: Command, io: Io): void {
  command
    .argument('<model>', 'name or path as `mistral list` shows it')
    .option('--yes', 'do not ask for confirmation')
    .addHelpText('after', '\nOnly what this program fetched or converted is removed; stores of others are left alone.')
    .action((model: string) => remove(io, model, command.opts<{yes?: true}>()));
}

function stored(io: Io): StoredModel[] {
  return listStores(whereToLook(io));
}

function list(io: Io, flags: {json?: true}): void {
  const rows = stored(io);
  if (flags.json) {
    io.json(rows);
    return;
  }
  if (rows.length === 0) io.say('no models yet: mistral pull NAME fetches one, mistral list --available names some');
  const lines = rows.map((model) => [
    model.name,
    formatBytes(model.bytes),
    model.store,
    `${model.path}${whyNot(model)}`,
  ]);
  io.show(table(lines));
}

/** Behind the path of a model that cannot be opened. */
function whyNot({onlyFor, inside}: StoredModel): string {
  if (onlyFor !== undefined) return ` (quantised for ${onlyFor}: cannot be opened)`;
  return inside === undefined ? '' : ` (holds ${inside} inside: cannot be opened)`;
}

async function remove(io: Io, model: string, {yes}: {yes?: true}): Promise<void> {
  const found = only(model, sameName(stored(io), model));
  if (found === undefined) {
    throw new EngineError('model_not_found', `no model called "${model}"`, {
      hint: 'See what you have: mistral list',
    });
  }
  if (found.store !== 'hub' && found.store !== 'converted') {
    throw new EngineError('unsupported', `${found.path} belongs to ${found.store}`, {hint: 'Remove it there.'});
  }
  const matter = `${found.name} (${formatBytes(found.bytes)}) will be deleted.`;
  if (!yes && !(await confirm(io, matter, 'Continue?'))) return;
  try {
    removeFiles(io, found);
  } catch (error) {
    throw fileError(error, found.path, 'remove');
  }
  io.say(`deleted ${found.path}`);
}

function removeFiles(io: Io, {store, path}: StoredModel): void {
  if (store === 'hub') {
    const cache = hubCacheFolder(whereToLook(io));
    for (const model of listHubCache(cache)) if (model.path === path) removeCached(cache, model);
    return;
  }
  // A fetched file lies with others, a converted one with other quantisations of the same folder.
  const folder = dirname(path);
  if (basename(folder) !== 'fetched') {
    rmSync(path);
    // The tokenizer beside the last of them, and what conversions that were killed have left.
    const others = readdirSync(folder).filter((name) => name.endsWith('.gguf'));
    if (others.length === 0) rmSync(folder, {recursive: true});
  } else {
    const split = splitOf(basename(path));
    const parts = Array.from({length: split?.count ?? 0}, (_, at) =>
      splitName(split?.prefix ?? '', at + 1, split?.count ?? 0),
    );
    for (const name of split === undefined ? [basename(path)] : parts) {
      rmSync(join(folder, name));
      removeLeftovers(folder, name);
    }
  }
}
