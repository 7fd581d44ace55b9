// A chat request as the token ids mistral-common would send, driven by the table of templates.

import type {JsonObject} from '../../../base/json.ts';
import {type Token, type Tokenized, textPrompt} from '../../contract/prompt.ts';
import {Refusal} from '../../contract/refusal.ts';
import type {ChatCompletionRequest, TemplateVersion} from '../../contract/requests.ts';
import {TEMPLATES, type TemplateRow} from '../../contract/templates.ts';
import type {Tokenizer} from '../../contract/tokenizer.ts';
import {checkEffort, type ModelSettings, settingsJson, withChosen} from '../model-settings.ts';
import {MessageEncoder} from './encode-message.ts';
import {type NormalisedMessage, normaliseMessages} from './normalise.ts';
import {dropOldest} from './truncate.ts';
import {type ValidationMode, validateRequest} from './validate.ts';

export interface EncodeOptions {
  /** Default `test`, as in mistral-common. */
  readonly mode?: ValidationMode;
  /** Tokens the prompt may have without BOS; needed when the request asks for truncation, else without effect. */
  readonly maxModelInputLen?: number;
  /** What the tokenizer file says about v15 model settings; default: the efforts none and high, none set. */
  readonly modelSettings?: ModelSettings;
  /** Settings chosen for every request that does not say otherwise. */
  readonly chosenSettings?: JsonObject;
}

/**
 * Validates, normalises and encodes a chat request. Texts only ever pass through the plain encoder: what a user, a
 * system prompt or a tool says cannot become a control token (v1 types its markers as text and cannot promise that).
 * @throws Refusal
 */
export function encodeChat(
  given: ChatCompletionRequest,
  tokenizer: Tokenizer,
  version: TemplateVersion,
  options: EncodeOptions = {},
): Tokenized {
  const row = TEMPLATES[version];
  const request = withChosen(given, options.chosenSettings);
  checkEffort(request.reasoningEffort, options.modelSettings);
  validateRequest(request, row, options.mode ?? 'test');
  const limit = truncationLimit(request, row, options);
  const {messages, systemPrompt} = normaliseMessages(request.messages, row);
  const settings = row.modelSettings === 'encoded' ? settingsJson(request, options.modelSettings) : undefined;
  const encoder = new MessageEncoder(tokenizer, row, {tools: request.tools ?? [], systemPrompt, settings});
  const parts = encodeMessages(messages, encoder, row);
  const kept = limit === undefined ? parts : dropOldest(parts, messages, limit);
  return {...textPrompt([tokenizer.bos, ...kept.flat()]), version};
}

function truncationLimit(request: ChatCompletionRequest, row: TemplateRow, options: EncodeOptions): number | undefined {
  if (request.truncateForContextLength !== true) return undefined;
  if (options.maxModelInputLen === undefined) {
    throw new Refusal('TokenizerException', 'Truncation needs a maximum input length.', {
      param: 'truncate_for_context_length',
    });
  }
  return row.truncation === 'oldest-first' ? options.maxModelInputLen : undefined;
}

function encodeMessages(messages: readonly NormalisedMessage[], encoder: MessageEncoder, row: TemplateRow): Token[][] {
  const firstUser = messages.findIndex((message) => message.role === 'user');
  const lastUser = messages.findLastIndex((message) => message.role === 'user');
  if (row.resultsPerMessage === 'one') checkResults(messages.slice(Math.max(lastUser, 0)));
  return messages.map((message, index) => {
    if (row.toolHistory === 'dropped' && index < lastUser && belongsToTools(message)) return [];
    return encoder.encode(message, {isFirstUser: index === firstUser, isLastUser: index === lastUser});
  });
}

/** What stands before the last user message is not encoded, and results without a call before them are not counted. */
function checkResults(messages: readonly NormalisedMessage[]): void {
  let results = 0;
  let hasCalls = false;
  for (const message of messages) {
    if (message.role === 'assistant') {
      hasCalls = message.toolCalls.length > 0;
      results = 0;
    } else if (message.role === 'tool' && hasCalls) results += 1;
    if (results < 2) continue;
    throw new Refusal('UnsupportedTokenizerFeatureException', 'This template version tells one tool result a turn.', {
      param: 'messages',
      hint: 'Call one tool at a time, or choose a later template version with --template.',
    });
  }
}

function belongsToTools(message: NormalisedMessage): boolean {
  return message.role === 'tool' || (message.role === 'assistant' && message.toolCalls.length > 0);
}
