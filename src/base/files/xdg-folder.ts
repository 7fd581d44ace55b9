// Where a user's files belong: the XDG Base Directory specification.
import {isAbsolute, join} from 'node:path';

type Env = Readonly<Record<string, string | undefined>>;

const DEFAULTS = {
  cache: ['.cache'],
  config: ['.config'],
  data: ['.local', 'share'],
  state: ['.local', 'state'],
} as const;

/**
 * `$XDG_CACHE_HOME` and its like, else the default below the home folder. A relative path is to be ignored, says the
 * specification. `home` is asked only where it counts: not every user has one.
 */
export function xdgFolder(kind: keyof typeof DEFAULTS, env: Env, home: () => string): string {
  const given = env[`XDG_${kind.toUpperCase()}_HOME`] ?? '';
  return isAbsolute(given) ? given : join(home(), ...DEFAULTS[kind]);
}
