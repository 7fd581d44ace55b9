// How long a server asks to be left alone.
import type {HttpHead} from './exchange.ts';

/**
 * Milliseconds that this reply asks to wait: of a 429 until its quota is filled up again (`ratelimit: "api";r=0;t=55`,
 * draft-ietf-httpapi-ratelimit-headers: the seconds until then; one more, so that it is over), else its Retry-After.
 * `now` in milliseconds since 1970. Undefined when it does not ask.
 */
export function askedToWaitMs(head: HttpHead, now: number): number | undefined {
  const quota = head.status === 429 ? emptyQuotaMs(head.header('ratelimit') ?? '') : undefined;
  return quota ?? retryAfterMs(head.header('retry-after'), now);
}

/** Of several quotas the one that takes longest, of those that are used up; of a single one whatever it says is left. */
function emptyQuotaMs(value: string): number | undefined {
  const quotas = [...value.matchAll(/"[^"]*"\s*;\s*r\s*=\s*(\d+)\s*;\s*t\s*=\s*(\d+)/g)];
  const empty = quotas.length > 1 ? quotas.filter(([, left]) => Number(left) === 0) : quotas;
  const seconds = empty.map(([, , reset]) => Number(reset) + 1);
  return seconds.length === 0 ? undefined : Math.max(...seconds) * 1000;
}

/**
 * The value of a Retry-After header (RFC 9110, 10.2.3) in milliseconds: seconds, or an HTTP date that is compared with
 * `now` (milliseconds since 1970). Undefined for a header that is missing or neither; 0 for a date that is over.
 */
export function retryAfterMs(value: string | undefined, now: number): number | undefined {
  const text = value?.trim() ?? '';
  if (/^\d+(?:\.\d+)?$/.test(text)) return Number(text) * 1000;
  // One of the three forms of an HTTP date; Date.parse alone takes much else for a date. The oldest form has no zone.
  if (!/^(?:mon|tue|wed|thu|fri|sat|sun)\w*,? .*\d\d:\d\d:\d\d/i.test(text)) return undefined;
  const date = Date.parse(/GMT|UTC|[+-]\d{4}$/i.test(text) ? text : `${text} GMT`);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
