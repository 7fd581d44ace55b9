// Which server gets which key.
import {EngineError} from '../../base/errors.ts';
import {isMistral} from '../../engine/remote/remote-server.ts';

/**
 * The key for a server: that of the variable `named` by --api-key-env, which is a person's word for this address; else
 * $MISTRAL_API_KEY for Mistral's own API over TLS alone. No other server gets a key that it was not named for.
 * @throws EngineError `usage` when the named variable is not set.
 */
export function apiKeyFor(
  url: string,
  env: Readonly<Record<string, string | undefined>>,
  named: string | undefined,
): string | undefined {
  if (named === undefined)
    return isMistral(url) && url.startsWith('https:') ? env.MISTRAL_API_KEY || undefined : undefined;
  const key = env[named];
  if (!key) throw new EngineError('usage', `--api-key-env: the variable ${named} is not set`);
  return key;
}
