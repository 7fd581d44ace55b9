// A conversation as markdown, for /export and `mistral sessions export`: one heading a message, and nothing that was said
// can pass for a heading, hide one, or end a block.
import {parseJson} from '../../base/json.ts';
import type {Message, ToolCall} from '../contract/requests.ts';
import {contentText} from '../contract/requests.ts';

/** One heading a message; tool calls and results as code. */
export function exportMarkdown(messages: readonly Message[]): string {
  return messages.map((message) => `## ${message.role}\n\n${body(message)}\n`).join('\n');
}

function body(message: Message): string {
  const text = contentText(message.content);
  if (message.role === 'tool') return fenced(text);
  if (message.role !== 'assistant' || message.toolCalls === undefined) return prose(text);
  return [text === '' ? '' : prose(text), ...message.toolCalls.map((call) => fenced(callText(call), 'json'))]
    .filter(Boolean)
    .join('\n\n');
}

/** Code that nothing in it ends: the fence is longer than any run of its marks. */
export function fenced(text: string, language = ''): string {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${lines(text).join('\n')}\n${fence}`;
}

/** The arguments as they were written, which keeps their numbers; as a text where they are no JSON. */
function callText({name, arguments: args}: ToolCall): string {
  let written = JSON.stringify(args);
  try {
    parseJson(args);
    written = args;
  } catch {
    // What the model wrote is shown as what it is, a text.
  }
  return `{"name":${JSON.stringify(name)},"arguments":${written}}`;
}

/** Every line end that markdown knows. */
function lines(text: string): string[] {
  return text.split(/\r\n|[\r\n]/);
}

/** Text in which headings of roles are escaped, and whose code blocks are closed. */
function prose(text: string): string {
  const all = lines(text);
  const strict = openFence(all, false);
  // Where it depends on the reader which of the marks close a block, all of it is code.
  if (strict !== openFence(all, true)) return fenced(text, 'markdown');
  const safe = all.map((line, index) => escaped(line, all[index - 1] ?? ''));
  return [...safe, ...(strict === undefined ? [] : [strict])].join('\n');
}

/**
 * The fence that would close the block that is open at the end. `inLists`: a fence may stand anywhere in a line, and a
 * line that is less indented than it ends the block too.
 */
function openFence(all: readonly string[], inLists: boolean): string | undefined {
  let open: {readonly fence: string; readonly indent: number} | undefined;
  for (const line of all) {
    const indent = /^[ \t]*/.exec(line)?.[0].length ?? 0;
    if (inLists && open !== undefined && line.trim() !== '' && indent < open.indent) open = undefined;
    // Four blanks make code of a line, or nothing; only in a list they may be its own.
    if (!inLists && (indent > 3 || line.slice(0, indent).includes('\t'))) continue;
    if (open !== undefined) {
      if (/^[ \t]*(?:`{3,}|~{3,})[ \t]*$/.test(line) && line.trim().startsWith(open.fence)) open = undefined;
      continue;
    }
    const {item = '', fence} = OPENS.exec(line)?.groups ?? {};
    if (fence !== undefined && (inLists || item === '')) open = {fence, indent: indent + item.length};
  }
  return open?.fence;
}

/** A fence, in a list or a quotation too; one of backticks has none behind it. */
const OPENS = /^[ \t]*(?<item>(?:(?:[-*+>]|\d{1,9}[.)])[ \t]*)*)(?<fence>`{3,}(?=[^`]*$)|~{3,})/;
const ITEMS = /^(?:[ \t]*(?:[-*+>]|\d{1,9}[.)])(?=[ \t]|$))*[ \t]*/;
const ROLES = ['system', 'user', 'assistant', 'tool'];

/** The line with a backslash in front of what would make a heading of a role of it, or hide what follows. */
function escaped(line: string, before: string): string {
  const start = ITEMS.exec(line)?.[0].length ?? 0;
  const [lead, rest] = [line.slice(0, start), line.slice(start)];
  if (/^#{1,6}(?:[ \t]|$)/.test(rest) && isRole(rest)) return `${lead}\\${rest}`;
  // A line of these marks makes a heading of the one above it.
  if (/^[ \t>]*(?:=+|-+)[ \t]*$/.test(line) && isRole(before)) return line.replace(/[=-]/, '\\$&');
  // A block of HTML may be a heading, or go on to the end of the file.
  if (/^<[a-z!?/]/i.test(rest) && !/^<[a-z][a-z0-9+.-]*:[^\s<>]*>/i.test(rest)) return `${lead}\\${html(rest)}`;
  return lead + html(rest);
}

/** Tags that are headings or hide what follows, inside a line. */
function html(text: string): string {
  return text.replaceAll(
    /(?<!\\|^)<(?=\/?(?:h[1-6]|details|script|style|textarea|pre|template|title|iframe)\b|!--)/gi,
    '\\<',
  );
}

/** Whether a reader would take the line for the name of a role, however it is dressed up. */
function isRole(line: string): boolean {
  const plain = line.normalize('NFKC').replaceAll(/<[^>]*>/g, '');
  // What an entity stands for is not looked up.
  return /&#?\w+;/.test(plain) || ROLES.includes(plain.replaceAll(/[^\p{L}]/gu, '').toLowerCase());
}
