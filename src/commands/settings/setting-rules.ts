// What a settings file may say: the flags are its keys, and these tables hold what is different in a file.
import type {Option} from 'commander';
import {SAMPLING} from '../../engine/contract/sampling-table.ts';

/** Shorter names of flags in files. */
const SHORT_NAMES: Readonly<Record<string, string>> = {
  model: 'model-path',
  effort: 'reasoning-effort',
  context: 'context-policy',
};

/** `max_tokens` and `max-tokens` are the flag --max-tokens. */
export function flagName(key: string): string {
  const name = key.replaceAll('_', '-');
  return Object.hasOwn(SHORT_NAMES, name) ? (SHORT_NAMES[name] ?? name) : name;
}

/** The names that a file may use for these options. */
export function keysOf(options: readonly Option[]): string[] {
  const names = options.flatMap(({long}) => long?.slice(2) ?? []);
  const short = Object.entries(SHORT_NAMES).flatMap(([key, name]) => (names.includes(name) ? [key] : []));
  return [...short, ...names].filter((name) => !Object.hasOwn(NEVER, name));
}

/** Tables of a file that hold no settings of a run. */
export const OTHER_TABLES: readonly string[] = ['profiles', 'models', 'mcp', 'aliases'];

const BY_FLAG = 'Give it on the command line.';

/** Flags of one run, and agreements that nobody may give for all runs; with what to do instead. */
export const NEVER: Readonly<Record<string, string>> = {
  prompt: 'Give it with -p, or in a pipe.',
  'api-key': 'Name the variable or the file that holds it, with api-key-env or api-key-file.',
  yes: 'Answer the question, or give --yes each time.',
  config: 'Give --no-config on the command line, or set MISTRAL_NO_CONFIG=1.',
  'no-config': 'Give it on the command line, or set MISTRAL_NO_CONFIG=1.',
  profile: 'Give --profile on the command line, or set MISTRAL_PROFILE.',
  ...Object.fromEntries(
    ['continue', 'resume', 'prefix', 'suffix', 'prefix-file', 'suffix-file', 'file', 'line', 'col', 'dry-run']
      .concat(['settings-file', 'env-file', 'num-pipeline-ranks', 'help', 'version'])
      .map((name) => [name, BY_FLAG]),
  ),
};

/**
 * What a project's file may set before the user trusts it: how answers sound and look. Everything else could read, run or
 * send something, now or when it is added, so that it takes trust.
 */
const HARMLESS: ReadonlySet<string> = new Set([
  ...SAMPLING.map(({flag}) => flag.replace(/^.*--(\S+).*$/, '$1')),
  'logit-bias',
  'stop',
  'model-defaults',
  'no-model-defaults',
  'reasoning-effort',
  'show-thinking',
  'drop-thoughts',
  'instruct',
  'ctx',
  'context-policy',
  'quant',
  'template',
  'plain',
  'screen-reader',
  'reduced-motion',
  'no-shell',
  'no-history',
]);

/** Whether a project may set this without trust. `isInside`: a path, or a name without one, is of the project. */
export function isHarmless(name: string, value: unknown, isInside: (path: string) => boolean): boolean {
  if (name === 'model-path') return typeof value === 'string' && isInside(value);
  if (name === 'system') return typeof value === 'string' && (!value.startsWith('@') || isInside(value.slice(1)));
  return HARMLESS.has(name);
}

/** What a server is told and how; from a file it goes to the server that stands in the same table, and to no other. */
export const OF_SERVER: ReadonlySet<string> = new Set(['remote-model', 'tokenizer', 'api-key-env', 'key-over-http']);

/** Which model answers: one of these, or the model by position. */
export const WHO: ReadonlySet<string> = new Set(['url', 'model-path']);

/** Has no effect without another one, which a run may lack. */
export const ONLY_WITH: Readonly<Record<string, string>> = {
  memory: 'models',
  'keep-alive': 'models',
  'schema-loose': 'schema',
};

/** What --settings-file of `serve`, which is named for one run, says itself. */
export const OF_SETTINGS_FILE: ReadonlySet<string> = new Set([
  'host',
  'port',
  'max-tokens',
  'temperature',
  'model-path',
  'url',
]);

/** Settings with a variable of their own, of another form or name. */
const OWN_VARIABLE: ReadonlySet<string> = new Set(['url', 'model-path', 'engine', 'library', 'api-key-env', 'env']);

/** The variable of the environment that sets this option: those with one value have one. */
export function variableOf({long, required, hidden}: Option, isSeveral: boolean): string | undefined {
  const name = long?.slice(2) ?? '';
  if (!required || isSeveral || hidden || OWN_VARIABLE.has(name) || Object.hasOwn(NEVER, name)) return undefined;
  return `MISTRAL_${name.replaceAll('-', '_').toUpperCase()}`;
}
