// What a server's result is as a text for the model: what is no text is named, what is too long is cut in the middle.

import {anything, flag, list, number, object, optional, type Shape, text} from '../../base/shape.ts';
import {contentText} from '../contract/requests.ts';
import {shortenResult} from '../conversation/context/shorten-result.ts';

const PART = object({
  type: optional(text),
  text: optional(text),
  data: optional(text),
  mimeType: optional(text),
  name: optional(text),
  uri: optional(text),
  size: optional(number),
  resource: optional(
    object({uri: optional(text), text: optional(text), blob: optional(text), mimeType: optional(text)}),
  ),
});

const RESULT = object({content: optional(list(PART)), isError: optional(flag), structuredContent: anything});

type Part = ReturnType<typeof PART>;

export interface ResultText {
  readonly text: string;
  /** The server says that the call failed. */
  readonly failed: boolean;
}

/** A result as the model reads it: `most` characters and a mark at most. Never throws: what is not understood is left out. */
export function resultText(result: unknown, most: number): ResultText {
  const {content = [], isError = false, structuredContent} = shaped(RESULT, result);
  const parts = (content ?? []).map(partText).filter((part) => part !== '');
  const said = parts.length > 0 || structuredContent === undefined ? parts.join('\n') : jsonText(structuredContent);
  return {text: cut(said === '' ? 'The tool returned nothing.' : said, most), failed: isError === true};
}

/** A text with its middle left out, if it is longer than `most` characters. */
export function cut(said: string, most: number): string {
  return contentText(shortenResult({role: 'tool', content: said}, most).message.content);
}

function shaped<T extends object>(shape: Shape<T>, value: unknown): Partial<T> {
  return optional(shape)(value) ?? {};
}

function partText(part: Part): string {
  const {type, mimeType, data, resource} = part;
  if (type === 'text') return part.text ?? '';
  if (type === 'image' || type === 'audio') return notShown(mimeType ?? type, data ?? '');
  if (type === 'resource_link') return [part.name, part.uri].filter(Boolean).join(': ');
  if (type !== 'resource' || resource === undefined) return `[${type ?? 'something'}, not shown]`;
  if (resource.blob !== undefined) {
    return [resource.uri, notShown(resource.mimeType ?? 'blob', resource.blob)].filter(Boolean).join(': ');
  }
  return [resource.uri, resource.text].filter(Boolean).join('\n');
}

function notShown(kind: string, base64: string): string {
  const bytes = Math.floor((base64.replace(/=+$/, '').length * 3) / 4);
  return `[${kind}, ${bytes.toLocaleString('en-US')} bytes, not shown: the model reads text]`;
}

function jsonText(value: unknown): string {
  return JSON.stringify(value) ?? '';
}
