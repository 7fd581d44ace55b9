// Asks for consent on a terminal: what the matter is, and a yes-or-no question.
import {createInterface} from 'node:readline/promises';
import {EngineError} from '../../base/errors.ts';
import {sanitise} from '../../base/terminal-text.ts';
import {type Io, STREAMS} from './io.ts';

/**
 * True for yes (or Enter). Throws EngineError usage when nobody can be asked: `--yes` answers then.
 * An aborted `io.stop` rejects with its reason.
 */
export async function confirm(io: Io, matter: string, question: string): Promise<boolean> {
  if (!io.stdin.isTTY || !io.stderr.isTTY) {
    throw new EngineError('usage', matter, {
      hint: 'No terminal to ask on: add --yes to agree.',
    });
  }
  const reader = createInterface({input: io.stdin, output: io[STREAMS].stderr});
  try {
    const answer = await reader.question(sanitise(`${matter} ${question} [Y/n] `), {signal: io.stop});
    return /^\s*(y|yes)?\s*$/i.test(answer);
  } catch (error) {
    io.stop.throwIfAborted();
    throw error;
  } finally {
    reader.close();
  }
}
