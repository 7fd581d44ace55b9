// What every dialect's body becomes: one neutral request, what is told about it, and how it is answered.
import type {Json} from '../../base/json.ts';
import type {ModelInfo} from '../../engine/contract/backend.ts';
import type {ChatCompletionRequest} from '../../engine/contract/requests.ts';
import {Fields} from '../../engine/wire/fields.ts';
import {mapForeignCallIds} from '../../engine/wire/map-call-ids.ts';
import {fittedHistory, withoutEmptyAnswers} from './fitted-history.ts';

export interface DialectCall {
  readonly request: ChatCompletionRequest;
  /** What was asked for and is not done, a sentence each. */
  readonly told: readonly string[];
  /** The model as the client names it; undefined: the one that is here. */
  readonly model: string | undefined;
  readonly stream: boolean;
  /** False: the answer ends after its first tool call. */
  readonly parallelCalls: boolean;
  /** The client names an effort whatever the model: that it is passed over is not told. */
  readonly effortIsWish?: true;
}

/** The members of a body; what is unknown is nobody's business here. @throws Refusal when it is no object. */
export function fieldsOf(json: Json | undefined, path = ''): Fields {
  return new Fields(json, path, {dialect: 'lenient', ignored: []});
}

/** Efforts that ask for no thought: a model without thoughts fulfils them. */
const WITHOUT_THOUGHT = ['none', 'minimal'];

export interface TakenRequest {
  readonly request: ChatCompletionRequest;
  /** What was left out, a sentence each. */
  readonly told: readonly string[];
}

/**
 * The request without a reasoning effort that the model has no levels for, and without empty answers in its history:
 * clients send both from settings and chats that were for another model, and a refusal would lock them out.
 */
export function passedOver(request: ChatCompletionRequest, model: ModelInfo, effortIsWish = false): TakenRequest {
  const history = withoutEmptyAnswers(request.messages);
  const effort = withoutEffort(request, model);
  return {
    request: {...effort.request, messages: history.messages},
    told: [...(effortIsWish ? [] : effort.told), ...history.told],
  };
}

function withoutEffort(request: ChatCompletionRequest, {efforts}: ModelInfo): TakenRequest {
  const {reasoningEffort: effort, nearestEffort: _nearest, ...rest} = request;
  if (effort === undefined || efforts === undefined || efforts.levels.length > 0) return {request, told: []};
  const isFulfilled = WITHOUT_THOUGHT.includes(effort);
  return {request: rest, told: isFulfilled ? [] : [`reasoning effort '${effort}': this model has no levels of effort`]};
}

/**
 * The call as this model can take it: agents send their histories and settings as they are, whichever model answers. Each
 * thing that is left out is told.
 */
export function fittedTo<Call extends DialectCall>(call: Call, model: ModelInfo): Call {
  const {request, told} = passedOver(call.request, model, call.effortIsWish);
  const history = fittedHistory(request.messages, model.template);
  return {
    ...call,
    request: {...request, messages: mapForeignCallIds(history.messages)},
    told: [...call.told, ...told, ...history.told],
  };
}
