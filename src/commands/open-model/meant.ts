// What the command line and the environment mean by the model. The only reader of MISTRAL_URL and MISTRAL_MODEL.
import {EngineError} from '../../base/errors.ts';
import type {WhereToLook} from '../../engine/models/existing-path.ts';
import {cacheFolder, homeFolder} from '../host/folders.ts';
import type {Io} from '../host/io.ts';

export interface MeantFlags {
  readonly url?: string;
  readonly tokenizer?: string;
  readonly remoteModel?: string;
  readonly apiKeyEnv?: string;
  readonly keyOverHttp?: true;
}

export type Meant =
  | {readonly kind: 'url'; readonly url: string}
  /** Without a name it is the embedded model. */
  | {readonly kind: 'model'; readonly name: string | undefined};

/**
 * In this order: --url, the argument, $MISTRAL_URL, $MISTRAL_MODEL, the embedded model. An empty text is none.
 * @throws EngineError `usage` for a flag about a server beside a local model.
 */
export function meant(io: Pick<Io, 'env'>, argument: string | undefined, flags: MeantFlags): Meant {
  const url = flags.url || (argument ? undefined : io.env.MISTRAL_URL);
  if (url) return {kind: 'url', url};
  if (flags.tokenizer !== undefined) {
    throw new EngineError('usage', '--tokenizer works only with --url; a local model has its own');
  }
  const given = {
    '--remote-model': flags.remoteModel !== undefined,
    '--api-key-env': Boolean(flags.apiKeyEnv),
    '--key-over-http': flags.keyOverHttp === true,
  };
  const [lost] = Object.entries(given).find(([, isGiven]) => isGiven) ?? [];
  if (lost) throw new EngineError('usage', `${lost} is for --url, and no server is named`);
  return {kind: 'model', name: meantModel(io, argument)};
}

/** What the environment alone says of it: undefined for nothing, no model for a server. */
export function meantByEnvironment(env: Io['env']): {readonly model: string | undefined} | undefined {
  const {MISTRAL_URL: url, MISTRAL_MODEL: model} = env;
  if (url) return {model: undefined};
  return model ? {model} : undefined;
}

/**
 * The same for a command that looks into a model, which no server would let it do: that $MISTRAL_URL is passed over is said,
 * as the model that stands in for it is another one.
 */
export function localModel(io: Pick<Io, 'env' | 'say'>, argument: string | undefined): string | undefined {
  const {MISTRAL_URL: url} = io.env;
  if (!argument && url) {
    const what = io.env.MISTRAL_MODEL ? '$MISTRAL_MODEL' : 'the embedded model';
    io.say(`note: $MISTRAL_URL is not asked: this looks into a model on this machine, ${what} as none is named`);
  }
  return meantModel(io, argument);
}

function meantModel({env}: Pick<Io, 'env'>, argument: string | undefined): string | undefined {
  return argument || env.MISTRAL_MODEL || undefined;
}

/** Where this user keeps models. Whoever names a path needs no home folder: some users of containers have none. */
export function whereToLook({cwd, env}: Pick<Io, 'cwd' | 'env'>): WhereToLook {
  return {
    cwd,
    env,
    get home() {
      return homeFolder(env);
    },
    get cache() {
      return cacheFolder({env});
    },
  };
}
