// The fields of other servers that ours does not read, dialect by dialect, and why; docs/reference/fields.md is written from it.
import {MESSAGES_FIELDS, OLLAMA_FIELDS, RESPONSES_FIELDS} from './dialect-fields.ts';
import {CALLERS_OWN, type FieldRule, is, isEmpty, isFalse, type Passes, rules} from './field-rules.ts';

const below =
  (limit: number): Passes =>
  (value) =>
    typeof value === 'number' && value < limit;
const atLeast =
  (limit: number): Passes =>
  (value) =>
    typeof value === 'number' && value >= limit;

/** What OpenAI's and Mistral's clients send about a request, not about its answer. */
const OF_CALLER = rules(
  'none',
  CALLERS_OWN,
  'user metadata store safety_identifier prompt_cache_key prompt_cache_retention prompt_cache_options service_tier prediction',
);

const CHAT: readonly FieldRule[] = [
  ...rules('refuse', "it is the old form; use 'tools'", 'functions'),
  ...rules('refuse', "it is the old form; use 'tool_choice'", 'function_call'),
  ...rules('refuse', 'the model gives text only', 'audio'),
  ...rules('refuse', 'the model gives text only', 'modalities', (value) =>
    Array.isArray(value) ? value.every((one) => one === 'text') : false,
  ),
  ...rules('refuse', 'there is no web search here', 'web_search_options'),
  ...rules('refuse', 'nothing here moderates', 'moderation'),
  ...rules('refuse', 'there is no guard here, and one that is asked for must not be missing', 'guardrails', isEmpty),
  ...rules('told', 'no model here is told how long to answer', 'verbosity'),
  ...OF_CALLER,
];

const NO_SAMPLER = 'this sampler is not here';
const OF_SAMPLER = 'a parameter of a sampler that is off';
/** The samplers there are, in the order they work in. */
const OUR_SAMPLERS = ['penalties', 'top_k', 'top_p', 'min_p', 'temperature'];
const SAMPLER_ORDER = `the order is fixed: ${OUR_SAMPLERS.join(', ')}`;
/** Those of llama-server that are refused when they are on: their place in the order does not matter. */
const ABSENT_SAMPLERS = ['dry', 'top_n_sigma', 'typ_p', 'typical_p', 'xtc', 'adaptive_p', 'infill'];

/** True for a list that says what happens anyway. */
const isOurOrder: Passes = (value) => {
  if (!Array.isArray(value)) return false;
  const present = value.filter((name) => !ABSENT_SAMPLERS.includes(name));
  return present.join() === OUR_SAMPLERS.join();
};

const LLAMA: readonly FieldRule[] = [
  ...rules('refuse', NO_SAMPLER, 'xtc_probability dry_multiplier mirostat dynatemp_range', is(0)),
  ...rules('refuse', NO_SAMPLER, 'typical_p', atLeast(1)),
  ...rules('refuse', NO_SAMPLER, 'top_n_sigma adaptive_target', below(0)),
  ...rules(
    'none',
    OF_SAMPLER,
    'xtc_threshold mirostat_tau mirostat_eta dynatemp_exponent dry_base dry_allowed_length dry_penalty_last_n dry_sequence_breakers adaptive_decay',
  ),
  ...rules('refuse', SAMPLER_ORDER, 'samplers', isOurOrder),
  ...rules('refuse', 'adapters are loaded with the model', 'lora', isEmpty),
  ...rules('refuse', 'a grammar holds from the first token on', 'grammar_lazy', isFalse),
  ...rules('refuse', 'a grammar holds from the first token on', 'grammar_triggers', isEmpty),
  ...rules('refuse', 'control tokens are never part of a text', 'preserved_tokens', isEmpty),
  ...rules('refuse', "the prompt is written as the model's makers write it", 'chat_template', isEmpty),
  ...rules('refuse', "the prompt is written as the model's makers write it", 'chat_template_kwargs', isEmpty),
  ...rules('refuse', 'the model reads text only', 'multimodal_data', isEmpty),
  ...rules('told', 'the context is never shifted', 'n_keep n_discard', is(0)),
  ...rules('told', 'replies have all their fields', 'response_fields', isEmpty),
  ...rules('refuse', 'probabilities behind the sampling are told on /completion alone', 'post_sampling_probs', isFalse),
  ...rules('told', "use 'top_logprobs'", 'n_probs', is(0)),
  ...rules('told', 'the timings are in the last event', 'timings_per_token', isFalse),
  ...rules('told', 'progress is not reported', 'return_progress', isFalse),
  ...rules('told', 'thoughts are in reasoning_content', 'reasoning_format', is('auto', 'deepseek')),
  ...rules('told', 'indentation is not limited', 'n_indent', is(0)),
  ...rules('told', 'the reply does not begin with the prompt', 'echo', isFalse),
  ...rules('told', 'BOS is in front of a text', 'add_special', is(true)),
  ...rules('told', 'a text is never read as control tokens here', 'parse_special', isFalse),
  ...rules('refuse', "the model's turn always begins behind the messages", 'add_generation_prompt', is(true)),
  ...rules(
    'none',
    'speed or form, not the answer',
    `n_cache_reuse min_keep backend_sampling t_max_prompt_ms speculative.n_max speculative.n_min speculative.p_min speculative.type speculative.ngram_size_n speculative.ngram_size_m speculative.ngram_min_hits verbose parse_tool_calls chat_format chat_parser generation_prompt reasoning_control sse_ping_interval cache_prompt`,
  ),
];

const VLLM: readonly FieldRule[] = [
  ...rules('refuse', 'there is no beam search', 'use_beam_search', isFalse),
  ...rules('refuse', 'there is no beam search', 'length_penalty', is(1)),
  ...rules('refuse', 'a prompt is never shortened', 'truncate_prompt_tokens', is(-1)),
  ...rules('refuse', 'log-probabilities are those of the answer', 'prompt_logprobs', isFalse),
  ...rules('refuse', 'documents belong into the messages', 'documents', isEmpty),
  ...rules('refuse', 'the model reads text only', 'mm_processor_kwargs media_io_kwargs', isEmpty),
  ...rules('refuse', 'there is no place for a program of yours', 'logits_processors vllm_xargs', isEmpty),
  ...rules('refuse', 'the template writes the control tokens', 'add_special_tokens', isFalse),
  ...rules('told', 'control tokens are never part of an answer', 'skip_special_tokens', is(true)),
  ...rules('told', 'the reply has no token ids', 'return_token_ids return_tokens_as_token_ids', isFalse),
  ...rules('told', 'thoughts are never left out', 'include_reasoning', is(true)),
  ...rules('none', 'no part of the answer: kept prompts are kept apart by it', 'cache_salt'),
  ...rules(
    'none',
    'how it is computed, not what',
    `guided_decoding_backend guided_whitespace_pattern spaces_between_special_tokens kv_transfer_params use_cache dtype priority request_id`,
  ),
];

const COMPLETIONS = OF_CALLER;
const FIM = OF_CALLER;

/** The rules of a route, by the dialect it belongs to; the first rule of a name counts. */
export const FIELD_RULES = {
  responses: [...RESPONSES_FIELDS, ...VLLM, ...LLAMA],
  messages: [...MESSAGES_FIELDS, ...VLLM, ...LLAMA],
  ollama: OLLAMA_FIELDS,
  chat: [...CHAT, ...VLLM, ...LLAMA],
  completions: [...COMPLETIONS, ...VLLM, ...LLAMA],
  fim: [...FIM, ...VLLM, ...LLAMA],
  // llama.vscode and llama.vim send an order of their own with every request for a gap.
  infill: [...rules('told', SAMPLER_ORDER, 'samplers', isOurOrder), ...LLAMA, ...VLLM, ...OF_CALLER],
  llama: [...LLAMA, ...VLLM, ...OF_CALLER],
} as const satisfies Record<string, readonly FieldRule[]>;

export type FieldDialect = keyof typeof FIELD_RULES;
