// How many tokens of an answer its thoughts may take, so that an answer always follows.

/** Tokens that stay for the answer: a quarter of what there is room for, within these bounds. */
const RESERVE = {share: 4, least: 64, most: 1024} as const;
/** The two marks of a thought. */
const MARKS = 2;
/** A thought for which there is less room than this is worth nothing. */
const WORTHWHILE = 16;

export interface ThoughtBudget {
  /** Tokens of all thoughts of the answer, without their marks; 0: none may begin. */
  readonly tokens: number;
  /** There was no room for a thought that was not forbidden. */
  readonly isCrowdedOut: boolean;
}

/**
 * `room`: tokens that the answer may have, by its maximum and by the context. `wished`: a budget that was asked for;
 * undefined = as many as leave the answer its reserve.
 */
export function thoughtBudget(room: number, wished: number | undefined): ThoughtBudget {
  const reserve = Math.min(RESERVE.most, Math.max(RESERVE.least, Math.floor(room / RESERVE.share)));
  const most = room - reserve - MARKS;
  if (most >= WORTHWHILE) return {tokens: Math.min(wished ?? most, most), isCrowdedOut: false};
  // A small thought that was wished for is small by intent, but it has to fit.
  const fits = wished !== undefined && wished <= most;
  return {tokens: fits ? wished : 0, isCrowdedOut: !fits && wished !== 0};
}
