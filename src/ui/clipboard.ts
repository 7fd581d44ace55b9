// Copying by OSC 52: the terminal puts the text on the clipboard, also through SSH and tmux.
import type {TerminalSequence} from '../base/terminal-text.ts';

/** Terminals ignore longer sequences. */
const LIMIT = 74_000;

/** The sequence that copies a text; undefined when it is longer than terminals take. */
export function clipboardSequence(text: string, insideTmux: boolean): TerminalSequence | undefined {
  const encoded = Buffer.from(text, 'utf8').toString('base64');
  if (encoded.length > LIMIT) return undefined;
  const sequence = `\x1b]52;c;${encoded}\x07`;
  const whole = insideTmux ? `\x1bPtmux;${sequence.replaceAll('\x1b', '\x1b\x1b')}\x1b\\` : sequence;
  return whole as TerminalSequence;
}
