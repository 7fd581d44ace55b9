// What the environment says about the terminal: colours, characters, links.
import type {Abilities} from '../../ui/markdown/style.ts';

/**
 * Whether to write colours to a stream. NO_COLOR and FORCE_COLOR count when they are not empty (no-color.org,
 * force-color.org), NO_COLOR first.
 */
export function usesColour(env: NodeJS.ProcessEnv, isTerminal: boolean): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== '0';
  return isTerminal && env.TERM !== 'dumb';
}

/** Terminals that open the target of a label (OSC 8), by TERM or TERM_PROGRAM. */
const OPENS_LINKS = /kitty|ghostty|wezterm|foot|alacritty|contour|mintty|iterm\.app|vscode|warpterminal|\brio\b/;
/** Terminals that would show a link's address as text, or of which nothing is known. */
const SHOWS_SEQUENCES = /^(?:dumb|linux|eterm.*|cons25.*|)$/;

/**
 * What the terminal behind the screen shows. Labels hide their targets only where links are known to be opened: tmux and
 * screen may drop them, so there the address follows the label.
 */
export function terminalAbilities(env: NodeJS.ProcessEnv): Abilities {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || '';
  const name = `${env.TERM ?? ''} ${env.TERM_PROGRAM ?? ''}`.toLowerCase();
  const isMultiplexed = Boolean(env.TMUX || env.STY) || /^(?:tmux|screen)/.test(name);
  return {
    color: usesColour(env, true),
    unicode: /utf-?8/i.test(locale) || process.platform === 'darwin',
    hyperlinks:
      !isMultiplexed &&
      (OPENS_LINKS.test(name) || Number(env.VTE_VERSION) >= 5000 || Boolean(env.WT_SESSION || env.KONSOLE_VERSION)),
    addresses: !SHOWS_SEQUENCES.test(env.TERM ?? ''),
  };
}
