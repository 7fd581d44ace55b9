// The scripted backend at a steady pace, for screens and benchmarks: it takes its time, and says how long that was.
import {setTimeout as sleep} from 'node:timers/promises';
import type {ModelInfo} from '../../src/engine/contract/backend.ts';
import type {ChatCompletionRequest, ToolCall} from '../../src/engine/contract/requests.ts';
import {type Script, ScriptedBackend, type Step} from './scripted-backend.ts';

const MODEL: Partial<ModelInfo> = {
  id: 'paced-8B',
  path: undefined,
  contextSize: 32_768,
  trainedContextSize: 32_768,
  templateReason: 'it says so',
};

export interface Pace {
  readonly tokensPerSecond: number;
  /** Tokens of the whole prompt are "read" at this rate, with progress; absent = at once. */
  readonly prefillMs?: number;
}

/**
 * Answers chats with what `reply` makes of the request, in pieces of about four characters on an absolute schedule; a
 * call comes whole.
 */
export function pacedBackend(
  reply: (request: ChatCompletionRequest) => string | ToolCall,
  {tokensPerSecond, prefillMs}: Pace,
): ScriptedBackend {
  function* steps(request: ChatCompletionRequest): Generator<Step> {
    for (let done = 0; done < 10 && prefillMs !== undefined; done += 1) {
      yield {type: 'prefill', done: done * 100, total: 1000};
      yield (signal) => pause(prefillMs / 10, signal);
    }
    const first = performance.now();
    const answer = reply(request);
    if (typeof answer !== 'string') {
      yield {type: 'tool_call', call: answer};
      yield {finish: 'tool_calls'};
      return;
    }
    for (const [index, text] of (answer.match(/[\s\S]{1,4}/gu) ?? []).entries()) {
      yield (signal) => pause(first + (1000 * index) / tokensPerSecond - performance.now(), signal);
      yield text;
    }
  }
  const script: Script = (call) => {
    if (call.kind !== 'chat') throw new Error('the paced backend only chats');
    return steps(call.request);
  };
  return new ScriptedBackend(script, MODEL, () => performance.now());
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms > 0) await sleep(ms, undefined, {signal}).catch(() => {});
}
