// A Backend that streams a text at a steady pace and can be stopped, for screens and benchmarks.
import {setTimeout as sleep} from 'node:timers/promises';
import type {Backend, GenerationEvent, ModelInfo} from '../../src/engine/contract/backend.ts';
import type {ChatCompletionRequest, ToolCall} from '../../src/engine/contract/requests.ts';

const MODEL: ModelInfo = {
  id: 'paced-8B',
  path: undefined,
  contextSize: 32_768,
  trainedContextSize: 32_768,
  template: 'v3',
  templateReason: 'it says so',
  supportsFim: true,
  supportsTools: true,
  device: 'nowhere',
};

export interface Pace {
  readonly tokensPerSecond: number;
  /** Tokens of the whole prompt are "read" at this rate, with progress; absent = at once. */
  readonly prefillMs?: number;
}

/**
 * Answers with what `reply` makes of the request, in pieces of about four characters on an absolute schedule; a call
 * comes whole.
 */
export function pacedBackend(reply: (request: ChatCompletionRequest) => string | ToolCall, pace: Pace): Backend {
  async function* chat(request: ChatCompletionRequest, signal: AbortSignal): AsyncGenerator<GenerationEvent> {
    yield {type: 'prompt', tokens: [1, 3, 4], cached: 1};
    const started = performance.now();
    for (let done = 0; done < 10 && pace.prefillMs !== undefined && !signal.aborted; done += 1) {
      yield {type: 'prefill', done: done * 100, total: 1000};
      await sleep(pace.prefillMs / 10, undefined, {signal}).catch(() => {});
    }
    const first = performance.now();
    const answer = reply(request);
    const call = typeof answer === 'string' ? undefined : answer;
    const pieces = typeof answer === 'string' ? (answer.match(/[\s\S]{1,4}/gu) ?? []) : [];
    if (call !== undefined) yield {type: 'tool_call', call};
    let sent = 0;
    for (const text of pieces) {
      if (signal.aborted || sent === request.sampling.maxTokens) break;
      const due = first + (1000 * sent) / pace.tokensPerSecond;
      const wait = due - performance.now();
      if (wait > 0) await sleep(wait, undefined, {signal}).catch(() => {});
      if (signal.aborted) break;
      yield {type: 'text', text};
      sent += 1;
    }
    const generationMs = performance.now() - first;
    yield {
      type: 'finish',
      reason: signal.aborted ? 'aborted' : sent < pieces.length ? 'length' : call ? 'tool_calls' : 'stop',
      usage: {promptTokens: 3, cachedTokens: 1, completionTokens: sent},
      timings: {
        firstTokenMs: first - started,
        promptMs: first - started,
        generationMs,
        promptTokensPerSecond: undefined,
        tokensPerSecond: sent / (generationMs / 1000),
      },
      seed: 7,
    };
  }
  const unsupported = () => {
    throw new Error('the paced backend only chats');
  };
  return {model: MODEL, chat, complete: unsupported, fim: unsupported, close: async () => {}};
}
