// Where a chat is cut so that it fits its context: by whole turns, from the front.
import type {Message} from '../../contract/requests.ts';

/** Room is left below the limit, so that the next turns go on from what the KV cache holds. */
const KEPT = 0.6;

/** The part of the room behind which a summary is due. */
const DUE = 0.8;

/**
 * Tokens a prompt may have: what `maxTokens` of an answer take is free, a quarter of the context at most. The answer may use
 * what is left.
 */
export function promptRoom(contextSize: number, maxTokens = Number.POSITIVE_INFINITY): number {
  return contextSize - 1 - Math.min(maxTokens, Math.floor(contextSize / 4));
}

export const isSummaryDue = (tokens: number, room: number): boolean => tokens > DUE * room;

/** How many of the messages are the system prompt. */
export const systemLength = (messages: readonly Message[]): 0 | 1 => (messages[0]?.role === 'system' ? 1 : 0);

/** Where the turns begin, from `first` on: a turn is a message of the user and all up to the next. */
export function turnStarts(messages: readonly Message[], first: number): number[] {
  const starts = messages.flatMap(({role}, index) => (index > first && role === 'user' ? [index] : []));
  return first < messages.length ? [first, ...starts] : starts;
}

/**
 * How many of `turns` turns are left out, the oldest first, until the prompt has at most 60 % of `room` tokens. The last turn
 * always stays, and the one before it where it fits into the room. `lengthWithout` = tokens of the prompt without so many.
 */
export async function turnsToDrop(
  turns: number,
  room: number,
  lengthWithout: (dropped: number) => Promise<number>,
): Promise<number> {
  if (turns < 2 || (await lengthWithout(0)) <= room) return 0;
  const most = turns - 2;
  const found = await leastThat(1, most, async (dropped) => (await lengthWithout(dropped)) <= KEPT * room);
  if (found !== undefined) return found;
  return most > 0 && (await lengthWithout(most)) <= room ? most : turns - 1;
}

/** The least number of `from` to `to` that is good, where all above a good one are; undefined when none is. */
export async function leastThat(
  from: number,
  to: number,
  isGood: (number: number) => Promise<boolean>,
): Promise<number | undefined> {
  if (from > to || !(await isGood(to))) return undefined;
  let [low, high] = [from, to];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (await isGood(middle)) high = middle;
    else low = middle + 1;
  }
  return high;
}
