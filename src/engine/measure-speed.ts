// Measures how fast a backend reads a prompt and writes an answer, through the same path every request takes.

import {EngineError} from '../base/errors.ts';
import type {Backend, Timings} from './contract/backend.ts';
import type {Token} from './contract/requests.ts';

export interface SpeedOptions {
  /** Tokens of the prompt that is read. Default 512, less in a small context. */
  readonly promptTokens?: number;
  /** Tokens that are written, from an empty context. Default 128, less in a small context. */
  readonly generatedTokens?: number;
  /** Default 3; one more comes first and is not counted. */
  readonly repetitions?: number;
  /** Called before each repetition, from 0. */
  readonly onRepetition?: (index: number) => void;
}

export interface SpeedReport {
  readonly promptTokens: number;
  readonly generatedTokens: number;
  /** Tokens per second of each repetition. */
  readonly prompt: readonly number[];
  readonly generation: readonly number[];
  /** Milliseconds from the call to the first token behind a prompt of one token, of each repetition. */
  readonly firstToken: readonly number[];
}

/** A prompt of other ids each time, so that nothing is reused from the cache. Knuth's multiplier spreads them. */
const SPREAD = 2_654_435_761;

/**
 * Reads a prompt and writes an answer of fixed lengths, several times. Nothing is reused between repetitions, and the
 * end-of-sequence token is forbidden.
 * @throws EngineError `unsupported` for a backend without a vocabulary; what generation throws; the signal's reason.
 */
export async function measureSpeed(
  backend: Backend,
  options: SpeedOptions = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<SpeedReport> {
  const {tokenizer, model} = backend;
  if (!tokenizer) {
    throw new EngineError('unsupported', `the vocabulary of ${model.id} is not known here`, {
      hint: 'Give it with --tokenizer: the tokens are then counted here.',
    });
  }
  const room = model.contextSize ?? 2048;
  const promptTokens = Math.min(options.promptTokens ?? 512, room - 1);
  const generatedTokens = Math.min(options.generatedTokens ?? 128, room - 2);
  const logitBias = new Map([[tokenizer.eos, -100]]);
  const report = {promptTokens, generatedTokens, prompt: [], generation: [], firstToken: []} as {
    promptTokens: number;
    generatedTokens: number;
    prompt: number[];
    generation: number[];
    firstToken: number[];
  };
  const run = (prompt: readonly Token[], maxTokens: number) =>
    timingsOf(backend, {prompt, sampling: {temperature: 0, maxTokens, logitBias}}, signal);
  const repetitions = options.repetitions ?? 3;
  for (let index = -1; index < repetitions; index++) {
    if (index >= 0) options.onRepetition?.(index);
    const reading = await run(variedPrompt(promptTokens, index + 1, tokenizer.vocabSize), 1);
    const writing = await run([tokenizer.bos], generatedTokens + 1);
    if (index < 0) continue;
    if (reading.promptTokensPerSecond !== undefined) report.prompt.push(reading.promptTokensPerSecond);
    if (writing.tokensPerSecond !== undefined) report.generation.push(writing.tokensPerSecond);
    if (writing.firstTokenMs !== undefined) report.firstToken.push(writing.firstTokenMs);
  }
  return report;
}

/** The middle value; the mean of the middle two. Undefined for an empty list. */
export function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle];
  const lower = sorted[middle - 1];
  if (upper === undefined) return undefined;
  return sorted.length % 2 === 1 || lower === undefined ? upper : (lower + upper) / 2;
}

/** Ids from the upper half of the vocabulary, where no control tokens are; the first differs in every repetition. */
function variedPrompt(length: number, repetition: number, vocabSize: number): Token[] {
  const half = vocabSize >> 1;
  return Array.from({length}, (_, at) => half + (((at + 1) * SPREAD + repetition * 7919) % (vocabSize - half)));
}

async function timingsOf(
  backend: Backend,
  request: Parameters<Backend['complete']>[0],
  signal: AbortSignal,
): Promise<Timings> {
  for await (const event of backend.complete(request, signal)) {
    if (event.type !== 'finish') continue;
    if (event.reason === 'aborted') signal.throwIfAborted();
    return event.timings;
  }
  throw new EngineError('backend_failed', 'the answer broke off');
}
