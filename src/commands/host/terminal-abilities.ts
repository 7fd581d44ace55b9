// What the environment says about the terminal: colours, characters, links.

/** NO_COLOR counts when it is not empty (no-color.org). */
export function abilities(env: NodeJS.ProcessEnv): {color: boolean; unicode: boolean; hyperlinks: boolean} {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || '';
  return {
    color: !env.NO_COLOR && env.FORCE_COLOR !== '0',
    unicode: /utf-?8/i.test(locale) || process.platform === 'darwin',
    hyperlinks:
      /kitty|ghostty|wezterm|foot/.test(`${env.TERM} ${env.TERM_PROGRAM}`.toLowerCase()) ||
      Boolean(env.VTE_VERSION || env.WT_SESSION),
  };
}
