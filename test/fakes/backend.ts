// A Backend that answers from a script, one token a character, and keeps what it was asked.
import type {
  Backend,
  FinishReason,
  GenerationEvent,
  ModelInfo,
  ParsedToolCall,
} from '../../src/engine/contract/backend.ts';
import type {ChatCompletionRequest, CompletionRequest, FIMRequest} from '../../src/engine/contract/requests.ts';

type AnyRequest = ChatCompletionRequest | CompletionRequest | FIMRequest;

export interface ScriptedAnswer {
  readonly text?: string;
  readonly reasoning?: string;
  readonly calls?: readonly ParsedToolCall[];
  readonly reason?: FinishReason;
  /** Thrown instead of finishing. */
  readonly error?: Error;
}

export const SCRIPTED_MODEL: ModelInfo = {
  id: 'scripted',
  path: undefined,
  contextSize: 4096,
  trainedContextSize: 4096,
  template: 'v3',
  templateReason: 'the script says so',
  supportsFim: true,
  supportsTools: true,
  device: 'script',
};

export interface ScriptedBackend extends Backend {
  readonly requests: readonly AnyRequest[];
  readonly closed: boolean;
}

/** `script` gives the answer to each request; a string stands for a plain answer that ends by itself. */
export function scriptedBackend(
  script: (request: AnyRequest, index: number) => string | ScriptedAnswer,
  model: ModelInfo = SCRIPTED_MODEL,
): ScriptedBackend {
  const requests: AnyRequest[] = [];
  let closed = false;
  const respond = (request: AnyRequest, signal: AbortSignal) => {
    requests.push(request);
    const answer = script(request, requests.length - 1);
    return play(typeof answer === 'string' ? {text: answer} : answer, request.sampling.maxTokens, signal);
  };
  return {
    model,
    requests,
    get closed() {
      return closed;
    },
    chat: respond,
    complete: respond,
    fim: respond,
    async close() {
      closed = true;
    },
  };
}

async function* play(
  {text = '', reasoning, calls = [], reason, error}: ScriptedAnswer,
  maxTokens = Number.POSITIVE_INFINITY,
  signal: AbortSignal,
): AsyncGenerator<GenerationEvent> {
  yield {type: 'prompt', tokens: [1, 2, 3], cached: 1};
  if (reasoning !== undefined) yield {type: 'reasoning', text: reasoning};
  let done = 0;
  for (const letter of text) {
    if (signal.aborted || done === maxTokens) break;
    yield {type: 'text', text: letter};
    done++;
    await Promise.resolve();
  }
  if (error) throw error;
  for (const call of calls) yield {type: 'tool_call', call};
  const cut = signal.aborted ? 'aborted' : done < [...text].length ? 'length' : undefined;
  yield {
    type: 'finish',
    reason: cut ?? reason ?? (calls.length > 0 ? 'tool_calls' : 'stop'),
    usage: {promptTokens: 3, cachedTokens: 1, completionTokens: done},
    timings: {firstTokenMs: 2, promptMs: 1.5, generationMs: 4, promptTokensPerSecond: 1333.333, tokensPerSecond: 250},
    seed: 7,
  };
}
