// Asks on a terminal, outside of a chat: for consent by a yes-or-no question, and for a text.
import {createInterface} from 'node:readline/promises';
import {Writable} from 'node:stream';
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

/** A text that the person types, undefined for an empty one; a `secret` is not shown. An aborted `io.stop` rejects with its reason. */
export async function askText(io: Io, question: string, secret: boolean): Promise<string | undefined> {
  const {stderr} = io[STREAMS];
  stderr.write(sanitise(question));
  const hidden = new Writable({write: (_chunk, _encoding, done) => done()});
  const reader = createInterface({input: io.stdin, output: secret ? hidden : stderr, terminal: true});
  try {
    const answer = await reader.question('', {signal: io.stop});
    if (secret) stderr.write('\n');
    return answer === '' ? undefined : answer;
  } catch (error) {
    io.stop.throwIfAborted();
    throw error;
  } finally {
    reader.close();
  }
}
