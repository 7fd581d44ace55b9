// Every setting that holds for one run of one command, with where it is from: the order of files, profiles and variables.
import {dirname} from 'node:path';
import type {Command, Option} from 'commander';
import {EngineError} from '../../base/errors.ts';
import {nearestName} from '../../ui/chat/slash/nearest-name.ts';
import {takes} from '../options.ts';
import type {Origin} from './origins.ts';
import {
  flagName,
  isHarmless,
  keysOf,
  NEVER,
  OF_SERVER,
  OF_SETTINGS_FILE,
  ONLY_WITH,
  OTHER_TABLES,
  variableOf,
  WHO,
} from './setting-rules.ts';
import {isInside, modelPath, optionNamed, settingValue} from './setting-value.ts';
import type {SettingsFile} from './settings-files.ts';
import {isTable, type Table, tableAt} from './toml-table.ts';

export interface Setting {
  readonly option: Option;
  readonly value: unknown;
  readonly origin: Origin;
}

/** What is known of a run before settings: what its command line and environment say, and what the files are. */
export interface Run {
  readonly command: Pick<Command, 'options'>;
  /** `chat`, `fim` …: the name of its section. */
  readonly name: string;
  /** Names of all commands. */
  readonly sections: readonly string[];
  readonly files: readonly SettingsFile[];
  readonly env: NodeJS.ProcessEnv;
  readonly home: () => string;
  readonly profile?: string | undefined;
  /** Names of options, without dashes, that the command line gives. */
  readonly given: ReadonlySet<string>;
  /** The model by position or --model-path. */
  readonly model?: string | undefined;
  /** The environment names a server or a model, this one if it is one. */
  readonly meantByEnv?: {readonly model: string | undefined} | undefined;
}

/** Settings that were not taken, a line each; and unknown keys, with the names that were possible. */
export interface Outcome {
  readonly settings: readonly Setting[];
  /** What stands in place of the model that the person named: what its name is short for. */
  readonly model: string | undefined;
  readonly notes: readonly string[];
  readonly unknown: readonly UnknownKey[];
}

export interface UnknownKey {
  readonly at: string;
  readonly key: string;
  /** The flag that it would be. */
  readonly name: string;
  readonly nearest: string | undefined;
  /** In a section of the command itself, another command's flag is unknown too. */
  readonly isOfSection: boolean;
}

interface Layer {
  readonly file: SettingsFile;
  readonly path: readonly string[];
  readonly table: Table;
  /** In front of the place. */
  readonly label: string;
  readonly isOfSection: boolean;
}

interface Candidate {
  readonly option: Option;
  readonly isOff: boolean;
  readonly name: string;
  readonly value: unknown;
  readonly at: string;
  readonly layer: Layer;
}

/**
 * The settings of a run: of each option the one of the highest rank.
 * @throws EngineError `usage` for a value that the flag would refuse, a key that no file may have, a profile that does not
 * exist, and two settings of one table that exclude each other.
 */
export function settingsOf(run: Run): Outcome {
  return new Ranking(run).outcome();
}

class Ranking {
  readonly #run: Run;
  readonly #settings = new Map<string, Setting>();
  readonly #tables = new Map<string, Layer>();
  readonly #unknown: UnknownKey[] = [];
  readonly #untrusted = new Map<string, string[]>();
  readonly #notes: string[] = [];

  constructor(run: Run) {
    this.#run = run;
  }

  outcome(): Outcome {
    const run = this.#run;
    const settings = this.#settings;
    this.#takeVariables();
    const layers = this.#layers().map((layer) => ({layer, candidates: this.#candidates(layer)}));
    const who = this.#whoAnswers(layers.map(({candidates}) => candidates));
    const named = run.model ?? (who === undefined ? run.meantByEnv?.model : stringOf(who, 'model-path'));
    const alias = named === undefined ? undefined : this.#aliasOf(named);
    const own = named === undefined ? [] : this.#modelLayers([named, ...(alias === undefined ? [] : [alias])]);
    for (const {candidates} of layers) for (const one of candidates) this.#take(one, who);
    for (const layer of own) for (const one of this.#candidates(layer)) this.#take(one, who);
    this.#dropLost();
    const path = own.map(({table, file}) => this.#pathOf(table, file)).find((one) => one !== undefined);
    const model = path ?? alias;
    if (model !== undefined) settings.delete('model-path');
    return {settings: [...settings.values()], model, notes: this.#allNotes(), unknown: this.#unknown};
  }

  #takeVariables(): void {
    const {command, env, given, home} = this.#run;
    for (const option of command.options) {
      const variable = variableOf(option, takes(option).several);
      const text = variable === undefined ? undefined : env[variable];
      const name = longName(option);
      if (!text || variable === undefined || given.has(name) || this.#isPassedOver(name)) continue;
      const value = settingValue({option, isOff: false}, text, {at: `$${variable}`, home});
      this.#settings.set(keyOf(option), {option, value, origin: `$${variable}`});
    }
  }

  /** The tables that hold for this command, the highest rank first. */
  #layers(): Layer[] {
    const {files, name, profile} = this.#run;
    const projectFirst = files.toReversed();
    const tables = (file: SettingsFile, path: readonly string[], label: string) =>
      [[...path, name], path].flatMap((one, at): Layer[] => {
        const table = tableAt(file.document.root, one);
        return table ? [{file, path: one, table, label, isOfSection: at === 0}] : [];
      });
    const ofProfile =
      profile === undefined
        ? []
        : projectFirst.flatMap((file) => tables(file, ['profiles', profile], `profile ${profile}`));
    if (profile !== undefined && ofProfile.length === 0) throw this.#noProfile(profile);
    return [...ofProfile, ...projectFirst.flatMap((file) => tables(file, [], ''))];
  }

  #noProfile(profile: string): EngineError {
    const names = this.#run.files.flatMap(({document}) => Object.keys(tableAt(document.root, ['profiles']) ?? {}));
    const near = nearestName(profile, names);
    const there = names.length === 0 ? 'no settings file has profiles' : `there are: ${names.join(', ')}`;
    return new EngineError('usage', `there is no profile '${profile}'; ${there}`, {
      hint: near === undefined ? '`mistral config path` tells where settings files are.' : `Did you mean '${near}'?`,
    });
  }

  #aliasOf(named: string): string | undefined {
    for (const file of this.#run.files.toReversed()) {
      const target = tableAt(file.document.root, ['aliases'])?.[named];
      if (target === undefined) continue;
      const at = file.document.placeOf(['aliases', named]);
      if (typeof target !== 'string' || target === '') {
        throw new EngineError('usage', `${at}: an alias is the name or path of a model, in quotes`);
      }
      if (this.#mayHold(file, 'model-path', target, at, `aliases.${named}`)) {
        return modelPath(dirname(file.path), target, this.#run.home);
      }
    }
    return undefined;
  }

  /** Of the user's file alone: what a model needs, its owner knows, and not a project. */
  #modelLayers(names: readonly string[]): Layer[] {
    return this.#run.files
      .filter(({kind}) => kind === 'user')
      .flatMap((file) =>
        names.flatMap((name): Layer[] => {
          const path = ['models', name];
          const table = tableAt(file.document.root, path);
          return table ? [{file, path, table, label: `models.${name}`, isOfSection: false}] : [];
        }),
      );
  }

  #pathOf(table: Table, file: SettingsFile): string | undefined {
    const {path} = table;
    return typeof path === 'string' && path !== '' ? modelPath(dirname(file.path), path, this.#run.home) : undefined;
  }

  #candidates(layer: Layer): Candidate[] {
    const {table, path, file} = layer;
    return Object.entries(table).flatMap(([key, value]): Candidate[] => {
      if (this.#isTableOfOthers(layer, key, value)) return [];
      const at = file.document.placeOf([...path, key]);
      const name = flagName(key);
      if (Object.hasOwn(NEVER, name)) {
        throw new EngineError('usage', `${at}: '${key}' cannot be set in a file`, {hint: NEVER[name] ?? ''});
      }
      const found = optionNamed(this.#run.command, name);
      if (found === undefined) {
        const names = [...keysOf(this.#run.command.options), ...(path.length === 0 ? this.#tableNames : [])];
        const nearest = nearestName(key.replaceAll('_', '-'), names);
        this.#unknown.push({at, key, name, nearest, isOfSection: layer.isOfSection});
        return [];
      }
      if (!this.#mayHold(file, longName(found.option), value, at, key)) return [];
      return [{...found, name: longName(found.option), value, at, layer}];
    });
  }

  get #tableNames(): readonly string[] {
    return [...this.#run.sections, ...OTHER_TABLES];
  }

  /** A section of another command, or what is no setting. A text of that name may be one: `tools = "weather.json"`. */
  #isTableOfOthers({path}: Layer, key: string, value: unknown): boolean {
    if (path[0] === 'models' && key === 'path') return true;
    const isTop = path.length === 0 || (path.length === 2 && path[0] === 'profiles');
    return isTop && isTable(value) && this.#tableNames.includes(key);
  }

  /** Whether a project's file may set this, or needs trust, which is noted. */
  #mayHold(file: SettingsFile, name: string, value: unknown, at: string, key: string): boolean {
    const folder = dirname(file.path);
    if (file.isTrusted || isHarmless(name, value, (path) => isInside(folder, path))) return true;
    this.#untrusted.set(file.path, [...(this.#untrusted.get(file.path) ?? []), `'${key}' (${at})`]);
    return false;
  }

  /** The table that says which server or model answers; undefined where the command line or the environment does. */
  #whoAnswers(tables: readonly (readonly Candidate[])[]): readonly Candidate[] | undefined {
    const {given, model, meantByEnv} = this.#run;
    if (given.has('url') || given.has('models') || model !== undefined || meantByEnv) return undefined;
    return tables.find((candidates) => candidates.some(({name}) => WHO.has(name)));
  }

  #take(one: Candidate, who: readonly Candidate[] | undefined): void {
    const {option, isOff, name, value, at, layer} = one;
    const place = {at, folder: dirname(layer.file.path), home: this.#run.home};
    // Wrong is wrong, also where something else holds.
    const meant = settingValue({option, isOff}, value, place);
    if (this.#run.given.has(name) || this.#isPassedOver(name)) return;
    if (WHO.has(name) && !who?.includes(one)) return;
    if (OF_SERVER.has(name) && !this.#goesToItsServer(one, who)) return;
    const key = keyOf(option);
    if (this.#settings.has(key) || this.#isExcluded(one)) return;
    const origin = layer.label === '' ? at : `${layer.label} (${at})`;
    this.#settings.set(key, {option, value: meant, origin});
    this.#tables.set(key, layer);
  }

  #isPassedOver(name: string): boolean {
    const {given} = this.#run;
    return (given.has('settings-file') || given.has('env-file')) && OF_SETTINGS_FILE.has(name);
  }

  /** A key, a name or a tokenizer was meant for the server in the same table, and goes to no other. */
  #goesToItsServer({name, layer, at}: Candidate, who: readonly Candidate[] | undefined): boolean {
    const server = who?.find((other) => other.name === 'url');
    if (server?.layer === layer) return true;
    const {given, meantByEnv, model} = this.#run;
    const isOfEnv = model === undefined && meantByEnv !== undefined && meantByEnv.model === undefined;
    const isServer = given.has('url') || server !== undefined || isOfEnv;
    if (isServer) this.#notes.push(`${at}: '${name}' is not used: it is not for this server, whose url is elsewhere`);
    return false;
  }

  /** Whether what has a higher rank excludes it. @throws EngineError `usage` for two of one table. */
  #isExcluded({option, at, layer}: Candidate): boolean {
    const {command, given} = this.#run;
    for (const other of command.options) {
      const [key, otherKey] = [keyOf(option), keyOf(other)];
      if (!exclusions(option).includes(otherKey) && !exclusions(other).includes(key)) continue;
      if (given.has(longName(other))) return true;
      const set = this.#settings.get(otherKey);
      if (set?.option !== other || set.value === undefined) continue;
      if (this.#tables.get(otherKey) !== layer) return true;
      throw new EngineError('usage', `${at}: option '${option.flags}' cannot be used with option '${other.flags}'`, {
        hint: `The other one is at ${set.origin}.`,
      });
    }
    return false;
  }

  #dropLost(): void {
    for (const [key, {option}] of this.#settings) {
      const companion = ONLY_WITH[longName(option)];
      const other = this.#run.command.options.find(({long}) => long === `--${companion}`);
      if (other && !this.#run.given.has(longName(other)) && !this.#settings.has(keyOf(other)))
        this.#settings.delete(key);
    }
  }

  #allNotes(): string[] {
    const untrusted = [...this.#untrusted].map(
      ([path, keys]) =>
        `not used until you trust ${path}: ${keys.join(', ')}; read the file, then: mistral config trust`,
    );
    return [...untrusted, ...this.#notes];
  }
}

const longName = ({long}: Option) => long?.slice(2) ?? '';
const keyOf = (option: Option) => option.attributeName();
/** Keys of the options that commander refuses beside this one; its types do not name them. */
const exclusions = (option: Option) => (option as Option & {readonly conflictsWith?: string[]}).conflictsWith ?? [];

function stringOf(candidates: readonly Candidate[], wanted: string): string | undefined {
  if (candidates.some(({name}) => name === 'url')) return undefined;
  const value = candidates.find(({name}) => name === wanted)?.value;
  return typeof value === 'string' ? value : undefined;
}
