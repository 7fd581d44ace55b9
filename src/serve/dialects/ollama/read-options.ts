// What Ollama's chat and generate have in common: options, format, think.
import {defined} from '../../../base/defined.ts';
import {isJsonObject, type Json} from '../../../base/json.ts';
import type {ChatCompletionRequest, ResponseFormat} from '../../../engine/contract/requests.ts';
import type {SamplingParams} from '../../../engine/contract/sampling.ts';
import type {Fields} from '../../../engine/wire/fields.ts';
import {readSampling} from '../../../engine/wire/read-sampling.ts';
import {OLLAMA_OPTIONS} from '../../fields/dialect-fields.ts';
import {judgeFields} from '../../fields/field-rules.ts';
import {fieldsOf} from '../dialect-call.ts';

/** The names of the sampling table that Ollama's options have, and what it calls differently. */
const KNOWN = [
  'temperature',
  'top_k',
  'top_p',
  'min_p',
  'seed',
  'num_predict',
  'stop',
  'repeat_penalty',
  'repeat_last_n',
  'presence_penalty',
  'frequency_penalty',
  'num_ctx',
];
const NAMES = {maxTokens: ['num_predict'], repeatPenalty: ['repeat_penalty'], seed: ['seed']};
/** num_predict until the context is full; -1 is in the table of sampling. */
const TO_THE_LIMIT = -2;

export interface OllamaOptions {
  readonly sampling: SamplingParams;
  readonly told: readonly string[];
  /** The context the client asks for. */
  readonly context: number | undefined;
}

/** @throws Refusal, EngineError `unsupported` with the option at fault. */
export function readOptions(fields: Fields, defaults: SamplingParams): OllamaOptions {
  const given = fields.fields('options') ?? fieldsOf(new Map(), 'options');
  const limit = given.number('num_predict', {integer: true});
  // What Ollama has no word for is told, not done.
  const known = given.names().filter((name) => KNOWN.includes(name));
  const options = fieldsOf(new Map(known.map((name) => [name, given.get(name) ?? null])), 'options');
  const logprobs = fields.boolean('logprobs') ?? false;
  const top = fields.integer('top_logprobs') ?? 0;
  const {maxTokens: _standing, ...unlimited} = defaults;
  const isToTheLimit = limit === TO_THE_LIMIT;
  return {
    sampling: {
      ...readSampling(
        isToTheLimit ? options.without('num_predict') : options,
        isToTheLimit ? unlimited : defaults,
        NAMES,
      ),
      ...(logprobs && {topLogprobs: top}),
    },
    told: judgeOptions(given),
    context: given.number('num_ctx', {integer: true}),
  };
}

function judgeOptions(options: Fields): string[] {
  const prefixed = options.names().map((name): [string, Json] => [`options.${name}`, options.get(name) ?? null]);
  return judgeFields(new Map(prefixed), (name) => KNOWN.includes(name.slice('options.'.length)), OLLAMA_OPTIONS);
}

/** Form of the answer, and effort. */
export type Wishes = Pick<ChatCompletionRequest, 'responseFormat' | 'reasoningEffort' | 'nearestEffort'>;

/** What `think: true` means to a model with levels. */
const THINKING_EFFORT = 'high';

export function readWishes(fields: Fields): Wishes {
  const think = fields.get('think');
  const effort = think === true ? THINKING_EFFORT : think === false ? 'none' : fields.string('think');
  return defined({
    responseFormat: readFormat(fields),
    reasoningEffort: effort,
    nearestEffort: effort === undefined ? undefined : true,
  });
}

function readFormat(fields: Fields): ResponseFormat | undefined {
  const format = fields.get('format');
  if (format === undefined || format === '') return undefined;
  if (format === 'json') return {type: 'json_object'};
  if (isJsonObject(format)) return {type: 'json_schema', schema: format};
  throw fields.wrong('format', 'json or a JSON schema');
}
