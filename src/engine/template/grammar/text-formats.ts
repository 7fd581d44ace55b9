// The formats of JSON schema that a grammar holds, each as a regular expression for a part of what the format allows.

/** From 1000 on: not every reader of dates knows the year 0000. */
const YEAR = '[1-9][0-9]{3}';
const LEAP_YEAR = '(?:[1-9][0-9](?:0[48]|[2468][048]|[13579][26])|(?:[2468][048]|[13579][26])00)';
const DATE =
  `(?:${YEAR}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)` +
  `|02-(?:0[1-9]|1[0-9]|2[0-8]))|${LEAP_YEAR}-02-29)`;
const TIME = '(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]{1,6})?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])';
const OCTET = '(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])';
/** Never two hyphens: they mark names that are written in another script. */
const LABEL = '[A-Za-z0-9](?:-?[A-Za-z0-9]){0,30}';
/** The top of a name is letters alone, or it could be read as an address of numbers. */
const TOP = '[A-Za-z](?:[A-Za-z]{0,20}[A-Za-z])?';
const HOST = `${LABEL}(?:\\.${LABEL}){0,2}\\.${TOP}`;
/** RFC 5322's atext without signs that mean something in an address of the web. */
const ATEXT = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]";
const HEX = '[0-9a-f]{1,4}';
const DURATION_TIME = 'T(?:[0-9]{1,4}H(?:[0-9]{1,4}M(?:[0-9]{1,4}S)?)?|[0-9]{1,4}M(?:[0-9]{1,4}S)?|[0-9]{1,4}S)';
const DURATION_DATE = '(?:[0-9]{1,4}Y(?:[0-9]{1,4}M(?:[0-9]{1,4}D)?)?|[0-9]{1,4}M(?:[0-9]{1,4}D)?|[0-9]{1,4}D)';

/** Bounded everywhere: a small model fills whatever repetition it finds. */
const HELD: ReadonlyMap<string, string> = new Map([
  ['date', `^${DATE}$`],
  ['time', `^${TIME}$`],
  ['date-time', `^${DATE}T${TIME}$`],
  ['duration', `^P(?:[0-9]{1,4}W|${DURATION_DATE}(?:${DURATION_TIME})?|${DURATION_TIME})$`],
  ['uuid', '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'],
  ['ipv4', `^${OCTET}(?:\\.${OCTET}){3}$`],
  ['ipv6', `^${HEX}(?::${HEX}){7}$`],
  ['hostname', `^(?:${LABEL}\\.){0,3}${TOP}$`],
  ['email', `^${ATEXT}{1,32}(?:\\.${ATEXT}{1,15}){0,2}@${HOST}$`],
  ['uri', `^https?://${HOST}(?:/[A-Za-z0-9._~-]{0,32}){0,6}$`],
]);

/** Formats of the standard that no grammar here holds. */
const NOT_HELD: ReadonlySet<string> = new Set([
  'regex',
  'iri',
  'iri-reference',
  'idn-email',
  'idn-hostname',
  'uri-reference',
  'uri-template',
  'json-pointer',
  'relative-json-pointer',
]);

/** Formats that say nothing of a text. */
const WITHOUT_EFFECT: ReadonlySet<string> = new Set([
  'password',
  'byte',
  'binary',
  'float',
  'double',
  'int32',
  'int64',
]);

/**
 * What is known of a format: a pattern that all its texts match, `unheld` for one of the standard that is not held,
 * `none` for one that limits no text, `unknown` for one of nobody's, which is an annotation.
 */
export function textFormat(name: string): {readonly pattern: string} | 'unheld' | 'none' | 'unknown' {
  const pattern = HELD.get(name);
  if (pattern !== undefined) return {pattern};
  return NOT_HELD.has(name) ? 'unheld' : WITHOUT_EFFECT.has(name) ? 'none' : 'unknown';
}
