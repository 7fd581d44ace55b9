// A backend whose prompts have one token for each character of what is told: contexts of any size, counted by hand.
import type {GenerationEvent, ModelInfo} from '../../src/engine/contract/backend.ts';
import {checkLength, type Tokenized, textPrompt} from '../../src/engine/contract/prompt.ts';
import {type ChatCompletionRequest, contentText} from '../../src/engine/contract/requests.ts';
import {type Script, ScriptedBackend} from './scripted-backend.ts';

export class CostedBackend extends ScriptedBackend {
  constructor(contextSize: number, script: Script = ['ok'], model: Partial<ModelInfo> = {}) {
    super(script, {contextSize, template: 'v7', ...model});
  }

  override render({messages}: ChatCompletionRequest): Tokenized {
    const calls = (message: (typeof messages)[number]) =>
      message.role === 'assistant' ? (message.toolCalls ?? []).map((call) => call.arguments).join('') : '';
    const text = messages.map((message) => contentText(message.content) + calls(message)).join('');
    return {...textPrompt(Array.from(text, () => 1)), version: 'v7'};
  }

  override async *chat(request: ChatCompletionRequest, signal: AbortSignal): AsyncGenerator<GenerationEvent> {
    checkLength(this.render(request).tokens.length, this.model.contextSize ?? Number.POSITIVE_INFINITY);
    yield* super.chat(request, signal);
  }
}
