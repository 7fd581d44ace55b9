// A thought as Responses carries it from one request to the next: codex gives back encrypted_content and nothing else.
import {isJsonArray} from '../../../base/json.ts';
import type {Fields} from '../../../engine/wire/fields.ts';
import {fieldsOf} from '../dialect-call.ts';

/** Before the thought in base64: what others encrypted cannot be read here. */
const OURS = 'mistral-chat:';

export function encryptedThought(thought: string): string {
  return OURS + Buffer.from(thought).toString('base64');
}

/** The thought of a `reasoning` item: of our own encrypted content, else of its content, else of its summary. */
export function readThought(item: Fields): string {
  const encrypted = item.string('encrypted_content');
  if (encrypted?.startsWith(OURS)) return Buffer.from(encrypted.slice(OURS.length), 'base64').toString();
  return textsOf(item, 'content').join('') || textsOf(item, 'summary').join('\n\n');
}

function textsOf(item: Fields, name: string): string[] {
  const parts = item.get(name);
  if (!isJsonArray(parts)) return [];
  return parts.map((part, index) => fieldsOf(part, `${item.pathOf(name)}[${index}]`).requiredString('text'));
}
