// What the environment says about the terminal: colours, characters, links.

/**
 * Whether to write colours to a stream. NO_COLOR and FORCE_COLOR count when they are not empty (no-color.org,
 * force-color.org), NO_COLOR first.
 */
export function usesColour(env: NodeJS.ProcessEnv, isTerminal: boolean): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== '0';
  return isTerminal && env.TERM !== 'dumb';
}

/** What the terminal behind the screen shows. */
export function terminalAbilities(env: NodeJS.ProcessEnv): {color: boolean; unicode: boolean; hyperlinks: boolean} {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || '';
  return {
    color: usesColour(env, true),
    unicode: /utf-?8/i.test(locale) || process.platform === 'darwin',
    hyperlinks:
      /kitty|ghostty|wezterm|foot/.test(`${env.TERM} ${env.TERM_PROGRAM}`.toLowerCase()) ||
      Boolean(env.VTE_VERSION || env.WT_SESSION),
  };
}
