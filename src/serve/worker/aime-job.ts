// One job: its inputs as a request to the backend, its answer as progress and result.

import {EngineError} from '../../base/errors.ts';
import {reasonOf} from '../../base/files/file-error.ts';
import {fromPlain, type Json} from '../../base/json.ts';
import {parsePlainJson} from '../../base/plain-json.ts';
import type {Backend, GenerationEvent} from '../../engine/contract/backend.ts';
import type {SamplingParams} from '../../engine/contract/sampling.ts';
import {Fields} from '../../engine/wire/fields.ts';
import {readChatRequest} from '../../engine/wire/read-request.ts';
import {readSampling} from '../../engine/wire/read-sampling.ts';
import type {JobData} from './aime-api.ts';

/** What the endpoint configurations of AIME's chats set when a client does not. */
const DEFAULTS: SamplingParams = {temperature: 0.8, topP: 0.9, topK: 40, maxTokens: 2000};
const NAMES = {maxTokens: ['max_gen_tokens']};

/** @throws EngineError `invalid_request` for what is neither a text nor missing. */
function textOf(job: JobData, name: string): string {
  const value = job[name] ?? '';
  if (typeof value === 'string') return value;
  throw new EngineError('invalid_request', `${name} must be a string`);
}

/** The messages of a job: its context, which may come as JSON text, and its prompt as one more turn. */
function messages(job: JobData): Json {
  const prompt = textOf(job, 'prompt_input');
  const {chat_context: context} = job;
  const parsed = typeof context === 'string' && context !== '' ? parsePlainJson(context) : context;
  const list = Array.isArray(parsed) ? parsed : [];
  if (parsed && !Array.isArray(parsed)) throw new EngineError('invalid_request', 'chat_context is not a list');
  return fromPlain(prompt === '' ? list : [...list, {role: 'user', content: prompt}]);
}

/** Starts the generation a job asks for. @throws EngineError or SyntaxError for a context that is none. */
export function startJob(backend: Backend, job: JobData, signal: AbortSignal): AsyncIterable<GenerationEvent> {
  const params = readSampling(new Fields(fromPlain(job), '', {dialect: 'lenient', ignored: []}), DEFAULTS, NAMES);
  const plain = textOf(job, 'text_context');
  if (plain !== '' && !job.chat_context) {
    return backend.complete({prompt: plain + textOf(job, 'prompt_input'), sampling: params}, signal);
  }
  const {request} = readChatRequest(new Map([['messages', messages(job)]]), {dialect: 'lenient'});
  return backend.chat({...request, sampling: params}, signal);
}

/** How far a job is; the text is all of it so far and only ever grows. */
export interface JobState {
  text: string;
  generated: number;
  prompt: number;
}

/** What a progress call says about a job. */
export function progressOf({text: all, generated, prompt}: JobState): object {
  return {
    progress: generated,
    progress_data: {text: all, num_generated_tokens: generated, current_context_length: prompt + generated},
  };
}

/** What the last call says; a failed job carries `error` beside what it had. */
export function resultOf({text: all, generated, prompt}: JobState, backend: Backend, error?: string): object {
  return {
    version: 0,
    text: all,
    model_name: backend.model.id,
    num_generated_tokens: generated,
    max_seq_len: backend.model.contextSize ?? 0,
    prompt_length: prompt,
    current_context_length: prompt + generated,
    metrics: {in_num_tokens: prompt, out_num_tokens: generated},
    ...(error !== undefined && {error}),
  };
}

/** Reads a job's events to their end and keeps `state` up to date. Returns the error to tell, if there is one. */
export async function runJob(
  start: () => AsyncIterable<GenerationEvent>,
  state: JobState,
): Promise<string | undefined> {
  try {
    for await (const event of start()) {
      if (event.type === 'prompt') state.prompt = event.tokens.length;
      if (event.type === 'text') {
        state.text += event.text;
        state.generated++;
      }
      if (event.type === 'finish') {
        state.prompt = event.usage.promptTokens;
        state.generated = event.usage.completionTokens;
        if (event.reason === 'aborted') return 'the worker was stopped';
      }
    }
    return undefined;
  } catch (error) {
    return reasonOf(error);
  }
}
