// A spinner with a percentage on stderr while something takes long; silent where stderr is no terminal or nothing is to move.
import {oneLine} from '../../base/terminal-text.ts';
import {type Io, STREAMS} from './io.ts';
import {asksForReducedMotion} from './reduced-motion.ts';
import {usesColour} from './terminal-abilities.ts';

export interface Progress {
  /** 0 to 1. */
  update(fraction: number): void;
  end(): void;
}

/** Anything shorter than this needs no sign of life, nor the spinner's code. */
const PATIENCE_MS = 400;

/** Shows `text` after a moment of patience; nothing is left on the screen at the end. */
export function showProgress(io: Io, text: string): Progress {
  // The spinner erases its rows, which it cannot count where the terminal does not know its width.
  const isTerminal = io.stderr.isTTY === true && io.stderr.columns !== 0;
  if (!isTerminal || asksForReducedMotion(io.env)) return {update() {}, end() {}};
  const label = oneLine(text);
  let state = label;
  let spinner: {text: string; stop(): unknown} | undefined;
  let ended = false;
  const timer = setTimeout(async () => {
    const {default: ora} = await import('ora');
    if (ended) return;
    // What is typed meanwhile belongs to the next prompt: the spinner must not take stdin.
    const terminal = {stream: io[STREAMS].stderr as NodeJS.WriteStream, discardStdin: false, hideCursor: false};
    // Its own rule knows nothing of NO_COLOR.
    spinner = ora({text: state, ...terminal, ...(!usesColour(io.env, true) && {color: false})}).start();
  }, PATIENCE_MS);
  return {
    update(fraction) {
      state = `${label} ${Math.floor(fraction * 100)} %`;
      if (spinner) spinner.text = state;
    },
    end() {
      ended = true;
      clearTimeout(timer);
      spinner?.stop();
    },
  };
}
