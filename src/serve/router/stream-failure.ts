// How a failure is told inside a stream that has begun, in the shape of the dialect it is in.

import type {Json} from '../../base/json.ts';
import {chosenSampling, type SamplingChoice} from '../../engine/contract/sampling.ts';
import {namedEvent} from '../dialects/answer-dialect.ts';
import {readResponses} from '../dialects/responses/read-responses.ts';
import {ResponsesWriter} from '../dialects/responses/responses-writer.ts';
import {type ErrorStyle, errorBody, type HttpError} from '../http-error.ts';

export interface FailedStream {
  readonly style: ErrorStyle;
  readonly requestId: string;
  /** The request's body. */
  readonly json: Json;
  readonly sampling: SamplingChoice;
  /** The model as it is shown. */
  readonly model: string;
  /** What the client was sent last. */
  readonly last?: Buffer | undefined;
}

/** The last event of a stream of server-sent events; nothing follows it. */
export function failureEvent(error: HttpError, stream: FailedStream): string {
  const {style, requestId} = stream;
  if (style === 'responses') return failedResponse(error, stream);
  const body = errorBody(error, style === 'anthropic' ? style : 'openai', error.cause, requestId);
  return style === 'anthropic' ? namedEvent(body as {type: string}) : `data: ${JSON.stringify(body)}\n\n`;
}

/** With the number behind that of the event before it. */
function failedResponse(error: HttpError, {json, sampling, model, last}: FailedStream): string {
  const numbers = [...(last?.toString('latin1') ?? '').matchAll(/"sequence_number":(\d+)/g)];
  const next = numbers.length === 0 ? 0 : Number(numbers.at(-1)?.[1]) + 1;
  try {
    const call = readResponses(json, chosenSampling(sampling));
    const writer = new ResponsesWriter(call, {model: call.model ?? model, tokenizer: undefined, now: Date.now});
    const events = writer.fail(error).map((event) => ({...event, sequence_number: next}));
    return events.map((event) => namedEvent(event)).join('');
  } catch {
    // The request itself is what is wrong: there is no response that could have failed.
    const {message, code = null, param = null} = error;
    const event = {type: 'error', code, message, param, sequence_number: next};
    return namedEvent(event);
  }
}
