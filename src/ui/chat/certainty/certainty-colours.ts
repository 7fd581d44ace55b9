// The certainty of an answer, token by token: colours, numbers, and the text up to a token.

import type {TokenLogprob} from '../../../engine/contract/backend.ts';
import type {Token} from '../../../engine/contract/requests.ts';
import type {Tokenizer} from '../../../engine/contract/tokenizer.ts';
import {joinRows, paint, type Row, rowTexts, type Style, type Theme} from '../../markdown/style.ts';

/** Probabilities below which a token counts as a guess, and as doubtful. */
const GUESS = 0.5;
const DOUBT = 0.9;
/** How many of the least certain tokens are listed. */
const LISTED = 10;

/** The answer with every token in the colour of its certainty; guesses carry their number, for /alt. */
export function certaintyRows(tokens: readonly TokenLogprob[], tokenizer: Tokenizer, theme: Theme): Row[] {
  const decoder = tokenizer.decoder();
  const rows: Row[][] = [[]];
  const add = (row: Row) => rows.at(-1)?.push(row);
  tokens.forEach(({token, logprob}, index) => {
    const style = styleOf(Math.exp(logprob), theme);
    const piece = decoder.push(token);
    rowTexts(piece).forEach((part, line) => {
      if (line > 0) rows.push([]);
      add(paint(part, style));
    });
    if (Math.exp(logprob) < GUESS && piece !== '') add(paint(`#${index + 1}`, theme.dim));
  });
  const guesses = uncertain(tokens).length;
  const legend = `${tokens.length} tokens, ${guesses} below ${GUESS * 100}% (numbered; /alt N lists the alternatives)`;
  add(paint(decoder.end(), ''));
  return [...rows.map((parts) => joinRows(parts)), paint(legend, theme.dim)];
}

function styleOf(probability: number, theme: Theme): Style {
  if (probability < GUESS) return theme.error;
  return probability < DOUBT ? theme.warning : '';
}

/** Numbers (from 1) of the least certain tokens that were guesses, the least certain first. */
export function uncertain(tokens: readonly TokenLogprob[]): number[] {
  return tokens
    .map(({logprob}, index) => ({logprob, number: index + 1}))
    .filter(({logprob}) => Math.exp(logprob) < GUESS)
    .sort((a, b) => a.logprob - b.logprob)
    .slice(0, LISTED)
    .map(({number}) => number);
}

/** The text of the first `count` tokens and `last` after them. */
export function textBefore(tokens: readonly TokenLogprob[], count: number, last: Token, tokenizer: Tokenizer): string {
  const decoder = tokenizer.decoder();
  const parts = [...tokens.slice(0, count).map(({token}) => token), last].map((token) => decoder.push(token));
  return parts.join('') + decoder.end();
}

/** A token as one visible word in quotes. */
export function shownPiece(tokenizer: Tokenizer, token: Token): string {
  return JSON.stringify(tokenizer.piece(token));
}

/** A log-probability as `41%`. */
export function percent(logprob: number): string {
  const value = 100 * Math.exp(logprob);
  return `${value < 1 ? value.toFixed(2) : value.toFixed(0)}%`;
}
