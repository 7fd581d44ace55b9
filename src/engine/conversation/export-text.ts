// A conversation as a text to keep: what /export and `mistral sessions export` write, by the name they write it to.
import type {Message} from '../contract/requests.ts';
import {messageToWire} from '../wire/write-messages.ts';
import {exportMarkdown} from './export-markdown.ts';

/** Markdown, or the messages as JSON where `asJson`, which a name that ends with `.json` asks for. */
export function exportText(messages: readonly Message[], asJson: boolean): string {
  return asJson
    ? `${JSON.stringify({messages: messages.map(messageToWire)}, undefined, 2)}\n`
    : exportMarkdown(messages);
}
