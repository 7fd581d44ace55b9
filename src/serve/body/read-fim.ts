// The body of Mistral's fill-in-the-middle as a call.
import {z} from 'zod';
import type {Json} from '../../base/json.ts';
import type {FIMRequest} from '../../engine/contract/requests.ts';
import type {SamplingParams} from '../../engine/contract/sampling.ts';
import {readFimRequest} from '../../engine/wire/read-request.ts';
import {knownFields} from './known-fields.ts';
import {formFields, readForm} from './read-form.ts';
import {samplingFields} from './sampling-schema.ts';

export const FimRequestSchema = z.object({
  model: z.string().nullish().describe('any name; the loaded model answers'),
  prompt: z.string().describe('the code before the gap'),
  suffix: z.string().nullish().describe('the code after it'),
  stream: z.boolean().nullish(),
  ...formFields,
  ...samplingFields,
});

export interface FimCall {
  readonly request: FIMRequest;
  readonly stream: boolean;
}

/** @throws EngineError with the parameter's path. */
export function readFim(json: Json, defaults: SamplingParams): FimCall {
  // Fill-in-the-middle wants the likeliest code, whatever the chat's temperature is.
  const sampling = {...defaults, temperature: 0};
  const {request} = readFimRequest(json, {dialect: 'lenient', sampling});
  const fields = knownFields(json, FimRequestSchema);
  const responseFormat = readForm(fields);
  return {request: {...request, ...(responseFormat && {responseFormat})}, stream: fields.boolean('stream') ?? false};
}
