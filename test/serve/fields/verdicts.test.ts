import {expect, test} from 'vitest';
import {testServer} from '../server.ts';

const messages = [{role: 'user', content: 'Hi'}];
const ROUTES = {
  chat: ['/v1/chat/completions', {messages}],
  completions: ['/v1/completions', {prompt: 'a'}],
  fim: ['/v1/fim/completions', {prompt: 'a'}],
  llama: ['/completion', {prompt: 'a'}],
  vllm: ['/v1/chat/completions', {messages}],
} as const;

/** What becomes of the fields of other servers that have a value which asks for something. */
const VERDICTS: readonly [dialect: keyof typeof ROUTES, verdict: string, names: string][] = [
  ['chat', 'refuse', 'functions function_call audio web_search_options moderation'],
  ['chat', 'told', 'verbosity'],
  [
    'chat',
    'none',
    'user metadata store safety_identifier prompt_cache_key prompt_cache_retention prompt_cache_options service_tier prediction',
  ],
  ['completions', 'none', 'user'],
  ['fim', 'none', 'metadata prompt_cache_key'],
  [
    'llama',
    'refuse',
    'xtc_probability dry_multiplier typical_p mirostat dynatemp_range top_n_sigma adaptive_target samplers lora grammar_lazy grammar_triggers preserved_tokens chat_template multimodal_data',
  ],
  ['llama', 'told', 'n_keep n_discard'],
  [
    'llama',
    'none',
    'n_cache_reuse min_keep backend_sampling t_max_prompt_ms verbose parse_tool_calls chat_format chat_parser generation_prompt reasoning_control',
  ],
  [
    'vllm',
    'refuse',
    'use_beam_search length_penalty truncate_prompt_tokens prompt_logprobs documents chat_template chat_template_kwargs mm_processor_kwargs logits_processors vllm_xargs media_io_kwargs',
  ],
  [
    'vllm',
    'none',
    'guided_decoding_backend guided_whitespace_pattern spaces_between_special_tokens kv_transfer_params use_cache dtype',
  ],
  [
    'llama',
    'none',
    'xtc_threshold mirostat_tau mirostat_eta dynatemp_exponent dry_base dry_allowed_length adaptive_decay',
  ],
];

test.each(VERDICTS)('the fields of %s that are %s: %s', async (dialect, verdict, names) => {
  const {post} = await testServer();
  const [url, body] = ROUTES[dialect];
  for (const name of names.split(' ')) {
    const reply = await post(url, {...body, [name]: 'x'});
    const header = reply.headers['x-mistral-warnings'];
    const found = reply.status === 400 ? 'refuse' : header === undefined ? 'none' : 'told';
    expect({name, found}).toEqual({name, found: verdict});
    if (verdict === 'refuse') expect(reply.json().error.message).toContain(`'${name}' is not supported: `);
    if (verdict === 'told') expect(decodeURIComponent(String(header))).toContain(`'${name}' is ignored: `);
  }
});
