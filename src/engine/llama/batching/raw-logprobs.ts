// Log-probabilities of the model's own distribution: the soft-max of its logits before any sampling parameter.
import type {TokenLogprob} from '../../contract/backend.ts';
import type {Token} from '../../contract/prompt.ts';
import type {RawLogits} from '../native-context.ts';

/** Above this many, sorting all is quicker than keeping the best in order. */
const FEW = 64;

/**
 * Of a whole row, `row[id]` for each token of the vocabulary: the logits of `token` and of the `top` likeliest (at least
 * one). Summed in double precision: in single precision a sum over a vocabulary is off by 4e-5, and by other amounts for
 * another order.
 */
export function logitsOfRow(row: Float32Array, token: Token, top: number): RawLogits {
  const best = largest(row, Math.max(1, top));
  const largestLogit = row[best[0] ?? 0] as number;
  let totalWeight = 0;
  // By place: an iterator takes three times as long.
  for (let at = 0; at < row.length; at++) totalWeight += Math.exp((row[at] as number) - largestLogit);
  return {pairs: [...best, token].flatMap((id) => [id, row[id] as number]), totalWeight};
}

/** Of `token`, and of the `top` likeliest. */
export function rawLogprobs({pairs, totalWeight}: RawLogits, token: Token, top: number): TokenLogprob {
  const logits = new Map<Token, number>();
  for (let at = 1; at < pairs.length; at += 2) logits.set(pairs[at - 1] as Token, pairs[at] as number);
  const normaliser = Math.max(...logits.values()) + Math.log(totalWeight);
  const ranked = [...logits].sort((a, b) => b[1] - a[1]).slice(0, top);
  return {
    token,
    logprob: (logits.get(token) ?? Number.NEGATIVE_INFINITY) - normaliser,
    top: ranked.map(([other, logit]) => ({token: other, logprob: logit - normaliser})),
  };
}

/** The places of the `count` largest, the largest first. */
function largest(values: Float32Array, count: number): number[] {
  if (count > FEW) {
    const places = Array.from(values.keys()).sort((a, b) => (values[b] as number) - (values[a] as number));
    return places.slice(0, count);
  }
  const best: number[] = [];
  let least = Number.NEGATIVE_INFINITY;
  for (let at = 0; at < values.length; at++) {
    const value = values[at] as number;
    if (best.length === count && value <= least) continue;
    let place = best.length;
    while (place > 0 && (values[best[place - 1] as number] as number) < value) place--;
    best.splice(place, 0, at);
    if (best.length > count) best.pop();
    least = values[best.at(-1) as number] as number;
  }
  return best;
}
