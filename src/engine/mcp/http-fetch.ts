// How requests go to a server at an address: its headers are secrets, so they go nowhere else.
import type {FetchLike} from '@modelcontextprotocol/client';
import {EngineError} from '../../base/errors.ts';
import {mayCarryKey} from '../../base/http/address/key-rule.ts';

const MOST_REDIRECTS = 3;

/** `fetch` that follows redirects within one origin alone. @throws EngineError `usage` for one that leads elsewhere. */
export const fetchWithin: FetchLike = async (address, init) => {
  let url = new URL(address);
  for (let hop = 0; ; hop++) {
    const reply = await fetch(url, {...init, redirect: 'manual'});
    const location = reply.headers.get('location');
    if (reply.status < 300 || reply.status > 399 || location === null) return reply;
    const next = new URL(location, url);
    await reply.body?.cancel();
    // Other redirects turn a POST into a GET.
    if (next.origin !== url.origin || hop >= MOST_REDIRECTS || (init?.method === 'POST' && reply.status < 307)) {
      throw new EngineError('usage', `the server sends its requests on to ${next.origin}${next.pathname}`, {
        hint: 'Write that address in its configuration if it is the right one.',
      });
    }
    url = next;
  }
};

/** @throws EngineError `usage` where what is secret would go over plain http to a host of others. */
export function checkHeaders(url: string, headers: Readonly<Record<string, string>>): void {
  if (Object.keys(headers).length === 0 || mayCarryKey(url)) return;
  throw new EngineError(
    'usage',
    `no headers are sent to ${new URL(url).host} over plain http: everyone could read them`,
    {
      hint: 'Give its address with https:// in place of http://.',
    },
  );
}
