// The scores that SentencePiece pieces had before they became a tokenizer.json, which keeps only the order of merges.
import {createHash} from 'node:crypto';
import type {Pair} from './tokenizer-json.ts';

/** Of Mistral's text pieces, the same in v1, v2, v3 and v7: SHA-256 over their texts by id, a newline between two. */
const MISTRAL_PIECES = '53a6491d971065614a9a39edcf88f81a9bccbc3df7e5e0ba82f65a5bca761bfa';

/** Mistral's score of runs of spaces: below all others, so that a word takes its space first. */
const SPACES_SCORE = -1e9;

export interface SpmPieces {
  /** Texts by id. */
  readonly tokens: readonly string[];
  /** Whether a token is a piece of text that merging can make. */
  readonly isText: (id: number) => boolean;
  readonly merges: readonly Pair[];
  /** Id of what each merge makes. */
  readonly merged: readonly number[];
}

export interface SpmScores {
  readonly scores: Float32Array;
  /** These are the pieces of Mistral's own files. */
  readonly areMistrals: boolean;
  /** The order of the merges is another than that of the ids. */
  readonly fromMerges: boolean;
}

/**
 * Scores as Mistral's files have them: the pieces by id, runs of spaces below. transformers 5 writes merges by id alone, so
 * that the runs come first; Mistral's pieces are known without their merges. Of other pieces the merges decide which.
 * Undefined when no scores give these merges.
 */
export function spmScores(pieces: SpmPieces, mistrals = MISTRAL_PIECES): SpmScores | undefined {
  const {tokens, isText, merged} = pieces;
  const first = tokens.findIndex((_, id) => isText(id));
  const make = (score: (text: string, id: number) => number) =>
    Float32Array.from(tokens, (text, id) => (isText(id) ? score(text, id) : 0));
  const byId = make((_, id) => first - id);
  const spacesLast = byId.map((score, id) => (isText(id) && /^\u2581+$/.test(tokens[id] ?? '') ? SPACES_SCORE : score));
  const found = (scores: Float32Array, areMistrals = false) => ({scores, areMistrals, fromMerges: false});
  const digest = createHash('sha256')
    .update(tokens.filter((_, id) => isText(id)).join('\n'))
    .digest('hex');
  if (digest === mistrals) return found(spacesLast, true);
  if (!areComplete(pieces)) return undefined;
  const fits = (scores: Float32Array) =>
    merged.every((id, i) => i === 0 || (scores[merged[i - 1] ?? 0] as number) >= (scores[id] as number));
  if (fits(spacesLast)) return found(spacesLast);
  if (fits(byId)) return found(byId);
  const ranks = ranksOf(merged);
  if (ranks === undefined) return undefined;
  return {scores: make((_, id) => 0 - (ranks.get(id) ?? ranks.size)), areMistrals: false, fromMerges: true};
}

/** SentencePiece merges any two pieces that are a piece together, so every way to cut one in two has to be there. */
function areComplete({tokens, isText, merges, merged}: SpmPieces): boolean {
  const texts = new Set(tokens.filter((_, id) => isText(id)));
  let cuts = 0;
  for (const text of texts) {
    for (let at = 1; at < text.length; at++) if (texts.has(text.slice(0, at)) && texts.has(text.slice(at))) cuts++;
  }
  const made = merges.filter(([left, right], i) => isText(merged[i] ?? 0) && texts.has(left) && texts.has(right));
  return made.length === cuts && new Set(made.map(([left, right]) => `${left}\0${right}`)).size === cuts;
}

/** Which piece is made when; undefined when the merges to one piece do not follow one another. */
function ranksOf(merged: readonly number[]): Map<number, number> | undefined {
  const ranks = new Map<number, number>();
  for (const [i, id] of merged.entries()) {
    if (merged[i - 1] === id) continue;
    if (ranks.has(id)) return undefined;
    ranks.set(id, ranks.size);
  }
  return ranks;
}
