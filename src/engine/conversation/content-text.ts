// The words of a message, without its thoughts and media.
import type {Content} from '../contract/requests.ts';

/** The texts of a content, one behind the other. */
export function contentText(content: Content | undefined): string {
  if (content === undefined || typeof content === 'string') return content ?? '';
  return content.map((chunk) => (chunk.type === 'text' ? chunk.text : '')).join('');
}
