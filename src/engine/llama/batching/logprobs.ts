// Log-probabilities of the model's own distribution, the soft-max of its logits before any sampling parameter, and of the one
// that a token was drawn from.
import type {TokenLogprob} from '../../contract/backend.ts';
import type {Token} from '../../contract/prompt.ts';
import type {NativeSamplerConfig, RawLogits} from '../native-context.ts';

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
  const logits = logitsOf(pairs);
  const normaliser = Math.max(...logits.values()) + Math.log(totalWeight);
  const ranked = [...logits].sort((a, b) => b[1] - a[1]).slice(0, top);
  return {
    token,
    logprob: (logits.get(token) ?? Number.NEGATIVE_INFINITY) - normaliser,
    top: ranked.map(([other, logit]) => ({token: other, logprob: logit - normaliser})),
  };
}

function logitsOf(pairs: readonly number[]): ReadonlyMap<Token, number> {
  const logits = new Map<Token, number>();
  for (let at = 1; at < pairs.length; at += 2) logits.set(pairs[at - 1] as Token, pairs[at] as number);
  return logits;
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

/** The settings of the native sampler, with what it is told before each token. */
export interface DrawnBy extends NativeSamplerConfig {
  readonly biases: ReadonlyMap<Token, number>;
  /** What the repeat penalty looks at. */
  readonly recent: readonly Token[];
}

interface Candidate {
  readonly token: Token;
  readonly logit: number;
}

/**
 * Logarithms of the probabilities behind bias, penalty, top-k, top-p, min-p and temperature, in the order of the native
 * sampler; tokens that cannot be drawn are in none of the lists. `pairs` has the whole vocabulary.
 */
export function drawnLogprob(
  token: Token,
  top: number,
  {pairs}: Pick<RawLogits, 'pairs'>,
  drawnBy: DrawnBy,
): TokenLogprob {
  const ranked = candidatesOf(logitsOf(pairs), drawnBy);
  const {temperature} = drawnBy;
  if (temperature <= 0) return {token, logprob: 0, top: top > 0 ? [{token, logprob: 0}] : []};
  const total = logTotal(ranked, temperature);
  const all = ranked.map(({token, logit}) => ({token, logprob: logit / temperature - total}));
  const drawable = all.filter(({logprob}) => Math.exp(logprob) > 0);
  const logprob = all.find((one) => one.token === token)?.logprob ?? Number.NEGATIVE_INFINITY;
  return {token, logprob, top: drawable.slice(0, top)};
}

/** Those that may be drawn, the likeliest first. */
function candidatesOf(logits: ReadonlyMap<Token, number>, drawnBy: DrawnBy): readonly Candidate[] {
  const {biases, recent, repeatPenalty = 1, topK, topP, minP} = drawnBy;
  const seen = new Set(repeatPenalty === 1 ? [] : recent);
  const candidates: Candidate[] = [];
  for (const [token, raw] of logits) {
    const biased = raw + (biases.get(token) ?? 0);
    const logit = seen.has(token) ? (biased <= 0 ? biased * repeatPenalty : biased / repeatPenalty) : biased;
    if (logit > Number.NEGATIVE_INFINITY) candidates.push({token, logit});
  }
  candidates.sort((a, b) => b.logit - a.logit);
  const likeliest = topK === undefined ? candidates : candidates.slice(0, topK);
  const massive = topP === undefined ? likeliest : untilMass(likeliest, topP);
  const [first] = massive;
  if (minP === undefined || first === undefined) return massive;
  return massive.filter(({logit}) => logit >= first.logit + Math.log(minP));
}

/** The first ones that have this share of the probability together. */
function untilMass(candidates: readonly Candidate[], share: number): readonly Candidate[] {
  const total = logTotal(candidates, 1);
  let mass = 0;
  const end = candidates.findIndex(({logit}) => {
    mass += Math.exp(logit - total);
    return mass >= share;
  });
  return end < 0 ? candidates : candidates.slice(0, end + 1);
}

/** The logarithm of the sum of the weights. */
function logTotal(candidates: readonly Candidate[], temperature: number): number {
  const [first] = candidates;
  if (first === undefined) return Number.NEGATIVE_INFINITY;
  const largest = first.logit / temperature;
  return largest + Math.log(candidates.reduce((sum, {logit}) => sum + Math.exp(logit / temperature - largest), 0));
}
