// The fields of Responses, Messages and Ollama that our readers do not read, and why.
import {CALLERS_OWN, type FieldRule, is, isEmpty, isFalse, rules} from './field-rules.ts';

export const RESPONSES_FIELDS: readonly FieldRule[] = [
  ...rules('refuse', 'nothing is kept here: send the whole input', 'conversation'),
  ...rules('refuse', 'no prompts are kept here: send the input itself', 'prompt'),
  ...rules('refuse', 'nothing runs here that nobody waits for', 'background', isFalse),
  ...rules('refuse', 'nothing here shortens a context', 'context_management'),
  ...rules('refuse', 'nothing here moderates', 'moderation'),
  ...rules('refuse', 'the model gives text only', 'image'),
  ...rules(
    'none',
    CALLERS_OWN,
    'store prompt_cache_options prompt_cache_retention service_tier client_metadata access_programs stream_options max_tool_calls',
  ),
];

export const MESSAGES_FIELDS: readonly FieldRule[] = [
  ...rules('refuse', 'nothing is kept here: send the whole history', 'thread'),
  ...rules('told', 'nothing here shortens a context', 'context_management'),
  ...rules('told', 'there is no place where code could run', 'container'),
  ...rules('told', 'this server asks no other one', 'mcp_servers', isEmpty),
  ...rules(
    'none',
    CALLERS_OWN,
    'metadata cache_control service_tier speed inference_geo user_profile_id workspace_id diagnostics fallbacks betas',
  ),
];

const FIXED_PROMPT = 'the prompt is written as the makers of the model write it';
const NEVER_SHORTENED = 'a prompt is never shortened or shifted';

export const OLLAMA_FIELDS: readonly FieldRule[] = [
  ...rules('refuse', FIXED_PROMPT, 'template context', isEmpty),
  ...rules('refuse', 'the model reads text only', 'images', isEmpty),
  ...rules('told', NEVER_SHORTENED, 'truncate shift', isFalse),
  ...rules('none', 'honoured: prompts are kept apart by it', 'cache_salt'),
];

const NO_SAMPLER = 'this sampler is not here';

/** Of the object `options`. */
export const OLLAMA_OPTIONS: readonly FieldRule[] = [
  ...rules('refuse', NO_SAMPLER, 'options.typical_p options.tfs_z', is(1)),
  ...rules('refuse', NO_SAMPLER, 'options.mirostat', is(0)),
  ...rules('refuse', 'a line break is a token as any other', 'options.penalize_newline', isFalse),
  ...rules('told', NEVER_SHORTENED, 'options.num_keep', is(0)),
  ...rules(
    'none',
    'speed or place, not the answer',
    'options.mirostat_tau options.mirostat_eta options.num_batch options.num_gpu options.main_gpu options.num_thread options.use_mmap options.use_mlock options.low_vram options.numa options.f16_kv options.logits_all options.vocab_only options.embedding_only options.draft_num_predict',
  ),
];
