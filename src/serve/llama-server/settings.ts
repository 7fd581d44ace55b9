// The sampling of a request as llama-server's replies name it.
import type {SamplingParams} from '../../engine/contract/sampling.ts';
import {BIAS} from '../../engine/contract/sampling-table.ts';
import type {Tokenizer} from '../../engine/contract/tokenizer.ts';

/** Of a request, or what holds for one that says nothing. `tokenizer`: for the biases of texts and ends, which only a request has. */
export function samplingSettings(sampling: SamplingParams, tokenizer?: Tokenizer) {
  return {
    n_predict: sampling.maxTokens ?? -1,
    temperature: sampling.temperature,
    top_k: sampling.topK ?? 0,
    top_p: sampling.topP ?? 1,
    min_p: sampling.minP ?? 0,
    repeat_penalty: sampling.repeatPenalty ?? 1,
    repeat_last_n: sampling.repeatWindow ?? 64,
    frequency_penalty: sampling.frequencyPenalty ?? 0,
    presence_penalty: sampling.presencePenalty ?? 0,
    stop: [...(sampling.stop ?? [])],
    ignore_eos: sampling.limits?.ignoreEnd ?? false,
    logit_bias: biasList(sampling, tokenizer),
  };
}

/** What is never drawn has no number there: JSON knows no infinity. */
function biasList({logitBias, limits}: SamplingParams, tokenizer: Tokenizer | undefined) {
  const end = limits?.ignoreEnd && tokenizer ? [[tokenizer.eos, BIAS.min] as const] : [];
  const words = (limits?.wordBias ?? []).flatMap(([text, bias]) =>
    (tokenizer?.encode(text) ?? []).map((token) => [token, bias] as const),
  );
  const all = new Map([...(logitBias ?? []), ...words, ...end]);
  return [...all].map(([token, bias]) => ({token, bias: bias <= BIAS.min ? null : bias}));
}
