// The fields of Responses, Messages and Ollama that our readers do not read, and why.
import {CALLERS_OWN, type FieldRule, isEmpty, isFalse, rules} from './field-rules.ts';

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
  ...rules('told', 'nothing here shortens a context', 'context_management'),
  ...rules('told', 'there is no place where code could run', 'container'),
  ...rules('told', 'this server asks no other one', 'mcp_servers', isEmpty),
  ...rules(
    'none',
    CALLERS_OWN,
    'metadata cache_control service_tier speed inference_geo user_profile_id workspace_id diagnostics fallbacks betas',
  ),
];
