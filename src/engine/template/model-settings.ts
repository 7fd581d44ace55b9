// Model settings (v15): the part of a request that a tokenizer file declares as understood by its model.
import type {JsonObject} from '../../base/json.ts';
import {Refusal} from '../contract/refusal.ts';
import type {ChatCompletionRequest} from '../contract/requests.ts';

type ReasoningEffort = NonNullable<ChatCompletionRequest['reasoningEffort']>;

/** The `model_settings_builder` of a tekken file. Without `reasoningEffort` the model does not know the setting. */
export interface ModelSettings {
  readonly reasoningEffort?: {
    readonly values: readonly ReasoningEffort[];
    /** false: every request has to set it. */
    readonly acceptsNone: boolean;
    readonly default?: ReasoningEffort;
  };
}

const ANY_EFFORT: ModelSettings = {reasoningEffort: {values: ['none', 'high'], acceptsNone: true}};

/**
 * The settings to write into the prompt; undefined when there are none.
 * @throws Refusal when the model does not take the value, or needs one.
 */
export function settingsJson(
  effort: ReasoningEffort | undefined,
  settings: ModelSettings = ANY_EFFORT,
): JsonObject | undefined {
  const rule = settings.reasoningEffort;
  if (rule === undefined) return undefined;
  const value = effort ?? rule.default;
  if (value === undefined && rule.acceptsNone) return undefined;
  if (value === undefined || (effort === undefined && !rule.acceptsNone)) {
    throw refused('This model needs a reasoning effort.');
  }
  if (!rule.values.includes(value)) {
    throw refused(`This model takes the reasoning efforts ${rule.values.join(', ') || '(none)'}, not ${value}.`);
  }
  return new Map([['reasoning_effort', value]]);
}

function refused(message: string): Refusal {
  return new Refusal('InvalidRequestException', message, {param: 'reasoning_effort'});
}
