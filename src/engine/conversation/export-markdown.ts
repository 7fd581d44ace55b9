// A conversation as markdown, for /export and `mistral sessions export`.
import type {Message} from '../contract/requests.ts';
import {contentText} from '../contract/requests.ts';

/** One heading a message; tool calls and results as code. */
export function exportMarkdown(messages: readonly Message[]): string {
  return messages.map((message) => `## ${message.role}\n\n${body(message)}\n`).join('\n');
}

function body(message: Message): string {
  const text = contentText(message.content);
  if (message.role === 'tool') return `\`\`\`\n${text}\n\`\`\``;
  if (message.role !== 'assistant' || message.toolCalls === undefined) return text;
  const calls = message.toolCalls.map(
    ({name, arguments: args}) => `\`\`\`json\n${JSON.stringify({name, arguments: args})}\n\`\`\``,
  );
  return [text, ...calls].filter(Boolean).join('\n\n');
}
