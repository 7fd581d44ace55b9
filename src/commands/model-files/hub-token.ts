// The token that opens gated models, and which hubs it is sent to.
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {isWithin} from '../../base/http/address/host-kinds.ts';
import {mayCarryKey} from '../../base/http/address/key-rule.ts';
import {homeFolder} from '../host/folders.ts';
import type {Io} from '../host/io.ts';

/** The token to send there. Most of a hub is open: where none may go, what needs none is fetched without. */
export function tokenFor(io: Io, endpoint: string): string | undefined {
  const token = hubToken(io, endpoint);
  if (token === undefined || !URL.canParse(endpoint) || mayCarryKey(endpoint)) return token;
  io.say(`note: your token is not sent to ${endpoint}: over plain http everyone on the way could read it`);
  return undefined;
}

/**
 * The token for a hub: HF_TOKEN for whichever is named, else the one in the file that the hub's own tools keep for
 * huggingface.co, which no mirror gets.
 */
export function hubToken({env}: Pick<Io, 'env'>, endpoint: string): string | undefined {
  if (env.HF_TOKEN) return env.HF_TOKEN;
  if (!URL.canParse(endpoint) || !isWithin(new URL(endpoint).hostname, 'huggingface.co')) return undefined;
  const file = () => join(env.HF_HOME || join(homeFolder(env), '.cache', 'huggingface'), 'token');
  try {
    return readFileSync(env.HF_TOKEN_PATH || file(), 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
}
