// How long a server asks to be left alone.

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
