// A model's own system prompt where somebody asks for it, and as a text that people read.
import {EngineError} from '../../base/errors.ts';
import type {ModelInfo} from '../contract/backend.ts';
import type {ChatCompletionRequest, Content} from '../contract/requests.ts';

/** In place of a text: the system prompt that the model's maker recommends. */
export const DEFAULT_SYSTEM = 'default';

/** As it is today. @throws EngineError `usage` where nobody here knows one. */
export function ownSystem({id, defaultSystem}: Pick<ModelInfo, 'id' | 'defaultSystem'>, now = new Date()): Content {
  if (defaultSystem !== undefined) return defaultSystem.at(now);
  throw new EngineError('usage', `no recommended system prompt is known of ${id}`, {
    hint: 'Give its text, or a file with it as @FILE.',
  });
}

/** With the marks of its thoughts. */
export function systemText(content: Content): string {
  if (typeof content === 'string') return content;
  const text = (chunk: (typeof content)[number]) => {
    if (chunk.type === 'text') return chunk.text;
    return chunk.type === 'thinking' ? `[THINK]${chunk.thinking}${chunk.closed ? '[/THINK]' : ''}` : '';
  };
  return content.map(text).join('');
}

/** The request with this system prompt where it has none of its own. */
export function withSystem(request: ChatCompletionRequest, content: Content | undefined): ChatCompletionRequest {
  if (content === undefined || request.messages.some(({role}) => role === 'system')) return request;
  return {...request, messages: [{role: 'system', content}, ...request.messages]};
}
