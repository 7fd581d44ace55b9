// From flags, a file of settings and the environment to the options of the server.

import {readFileSync} from 'node:fs';
import {resolve} from 'node:path';
import {parseEnv} from 'node:util';
import {defined} from '../../base/defined.ts';
import {EngineError} from '../../base/errors.ts';
import {reasonOf} from '../../base/files/file-error.ts';
import {parseNumber, type Range, rowOf} from '../../engine/contract/sampling-table.ts';
import type {AppOptions} from '../../serve/app.ts';
import {isLocal, type ListenAddress, listenAddresses} from '../../serve/listen/listen-address.ts';
import type {Io} from '../host/io.ts';
import type {EngineFlags} from '../options.ts';
import {DEFAULTS} from '../options.ts';
import {ownVersion} from '../version.ts';
import {type TlsFlags, tlsPair} from './tls-pair.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

export interface ServeFlags extends EngineFlags, TlsFlags {
  readonly modelPath?: string;
  /** True: all of this machine. */
  readonly models?: readonly string[] | true;
  /** Bytes. */
  readonly memory?: number;
  /** Milliseconds; Infinity is for ever. */
  readonly keepAlive?: number;
  /** Each one or several, with commas between. */
  readonly host?: readonly string[];
  readonly port?: number;
  readonly parallel: number;
  readonly maxQueue?: number;
  /** Seconds. */
  readonly queueTimeout: number;
  readonly grace: number;
  readonly stepTimeout: number;
  readonly apiKey?: readonly string[];
  readonly apiKeyFile?: string;
  readonly insecure?: true;
  readonly allowedHost?: readonly string[];
  readonly corsOrigin?: readonly string[];
  /** Mebibytes. */
  readonly bodyLimit: number;
  readonly alias?: readonly string[];
  readonly shareCache?: true;
  readonly capTokens?: number;
  readonly maxChoices: number;
  readonly seed?: number;
  readonly maxTokens?: number;
  readonly temperature?: number;
  readonly thinkingBudget?: number;
  readonly system?: string;
  readonly settingsFile?: string;
  /** An earlier name of it. */
  readonly envFile?: string;
  readonly logLevel: LogLevel;
  readonly logPrompts?: true;
}

const MIB = 2 ** 20;
const HEARTBEAT_MS = 15_000;
const STALL_MS = 30_000;
/** The Codestral Mamba server's own defaults for its route. */
const SEED_DEFAULTS = {temperature: 0.35, maxTokens: 256};

export interface Settings {
  readonly model: string | undefined;
  readonly addresses: readonly ListenAddress[];
  readonly port: number;
  readonly graceMs: number;
  /** Longest step of the engine. */
  readonly stepMs: number;
  readonly app: Omit<AppOptions, 'logger'>;
}

interface SettingsFile {
  readonly model?: string;
  readonly host?: string;
  readonly port?: number;
  readonly maxTokens?: number;
  readonly temperature?: number;
}

/** @throws EngineError `usage` when the file cannot be read or a number in it is none. */
function readSettingsFile(io: Io, file: string | undefined): SettingsFile {
  if (file === undefined) return {};
  const values = parseEnv(readText(io, file, '--settings-file'));
  const number = (name: string, range: Range) => {
    const text = values[name];
    if (text === undefined || text === '') return undefined;
    return parseNumber(range, text, (expected) => {
      throw new EngineError('usage', `${file}: ${name} is '${text}', which is not ${expected}`);
    });
  };
  const settings = {
    model: values.MODEL_PATH || undefined,
    host: values.HOST || undefined,
    port: number('PORT', {integer: true, min: 0, max: 65_535}),
    maxTokens: number('MAX_TOKENS', rowOf('maxTokens')),
    temperature: number('TEMPERATURE', rowOf('temperature')),
  };
  return defined(settings);
}

function readText(io: Io, file: string, flag: string): string {
  try {
    return readFileSync(resolve(io.cwd, file), 'utf8');
  } catch (cause) {
    throw new EngineError('usage', `${flag} ${file} cannot be read: ${reasonOf(cause)}`, {cause});
  }
}

function apiKeys(io: Io, {apiKey = [], apiKeyFile}: ServeFlags): string[] {
  const fromFile = apiKeyFile === undefined ? [] : readText(io, apiKeyFile, '--api-key-file').split(/\r?\n/);
  const fromEnv = io.env.MISTRAL_SERVE_KEY ?? '';
  const keys = [...apiKey, ...fromFile, fromEnv].map((key) => key.trim()).filter((key) => key !== '');
  if (keys.length === 0 && (apiKey.length > 0 || apiKeyFile !== undefined)) {
    throw new EngineError('usage', 'the API key is empty', {hint: 'Give a key, or leave the option out.'});
  }
  return keys;
}

/** @throws EngineError `usage` with what to change. */
export function settings(io: Io, flags: ServeFlags): Settings {
  const env = readSettingsFile(io, flags.settingsFile ?? flags.envFile);
  const addresses = listenAddresses(flags.host ?? [env.host ?? '127.0.0.1']);
  const hosts = addresses.flatMap((address) => (address.kind === 'network' ? [address.host] : []));
  const keys = apiKeys(io, flags);
  const open = addresses.find((address) => !isLocal(address));
  if (open?.kind === 'network' && keys.length === 0 && !flags.insecure) {
    throw new EngineError('usage', `listening on ${open.host} without an API key would let anyone on the network in`, {
      hint: 'Give --api-key, listen on 127.0.0.1, or say --insecure.',
    });
  }
  const tls = tlsPair(io, flags, (file, flag) => readText(io, file, flag));
  if (tls && hosts.length < addresses.length) {
    throw new EngineError('usage', 'a socket in the file system has no TLS', {
      hint: 'Leave it out of --host, or leave out --tls-cert and --tls-key.',
    });
  }
  const maxTokens = flags.maxTokens ?? env.maxTokens;
  const temperature = flags.temperature ?? env.temperature;
  return {
    model: env.model,
    addresses,
    port: flags.port ?? env.port ?? 8080,
    graceMs: flags.grace * 1000,
    stepMs: flags.stepTimeout * 1000,
    app: {
      slots: flags.parallel,
      maxQueue: flags.maxQueue ?? 2 * flags.parallel,
      queueTimeoutMs: flags.queueTimeout * 1000,
      heartbeatMs: HEARTBEAT_MS,
      stallMs: STALL_MS,
      aliases: flags.alias ?? [],
      shareCache: flags.shareCache ?? false,
      capTokens: flags.capTokens,
      maxChoices: flags.maxChoices,
      build: ownVersion(),
      sampling: {
        asked: defined({temperature, maxTokens, thinkingBudget: flags.thinkingBudget, seed: flags.seed}),
        otherwise: {temperature: DEFAULTS.chat.temperature},
        ...(flags.modelDefaults === false && {withoutModel: true}),
      },
      seedDefaults: {
        temperature: temperature ?? SEED_DEFAULTS.temperature,
        maxTokens: maxTokens ?? SEED_DEFAULTS.maxTokens,
      },
      apiKeys: keys,
      // A name to reach the machine by is one to be addressed by; --insecure has given the check up.
      allowedHosts: [...(flags.allowedHost ?? []), ...hosts],
      checkHost: keys.length === 0 && open === undefined,
      tls,
      corsOrigins: flags.corsOrigin ?? [],
      bodyLimit: Math.round(flags.bodyLimit * MIB),
      logPrompts: flags.logPrompts ?? false,
    },
  };
}
