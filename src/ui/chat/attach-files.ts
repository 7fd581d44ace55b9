// `@path` in a message: the file's text goes to the model below the message.
import {readFile, stat} from 'node:fs/promises';
import {extname} from 'node:path';

/** Bytes of one attached file: more would not fit the context of a usual local model. */
const LIMIT = 512 * 1024;

export interface Attached {
  /** The message with the files below it. */
  readonly content: string;
  /** What was attached, or why not; for the person. */
  readonly notes: readonly string[];
}

/** Appends every file that the message names with `@`; a name that is no file stays a word. */
export async function attachFiles(text: string, resolvePath: (name: string) => string): Promise<Attached> {
  const names = new Set(Array.from(text.matchAll(/(?:^|\s)@(\S+)/g), (match) => match[1] ?? ''));
  const parts = [text];
  const notes: string[] = [];
  for (const name of names) {
    const found = await readText(resolvePath(name));
    if (found === undefined) continue;
    if (typeof found === 'string') notes.push(`${name} is not attached: ${found}`);
    else {
      parts.push(fenced(name, found.content));
      notes.push(`attached ${name} (${found.content.split('\n').length} lines)`);
    }
  }
  return {content: parts.join('\n\n'), notes};
}

/** The content of a text file; a reason when it cannot be attached; undefined when there is no such file. */
async function readText(path: string): Promise<{content: string} | string | undefined> {
  try {
    const info = await stat(path);
    if (!info.isFile()) return undefined;
    if (info.size > LIMIT) return `it has ${info.size} bytes, at most ${LIMIT} fit`;
    const bytes = await readFile(path);
    if (bytes.includes(0)) return 'it is not a text file';
    return {content: bytes.toString('utf8')};
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG'
      ? undefined
      : `it cannot be read (${code})`;
  }
}

/** A file as a code block, with a fence longer than any in it. */
export function fenced(name: string, content: string): string {
  const longest = Math.max(2, ...Array.from(content.matchAll(/`{3,}/g), (match) => match[0].length));
  const fence = '`'.repeat(longest + 1);
  return `${name}:\n${fence}${extname(name).slice(1)}\n${content.replace(/\n$/, '')}\n${fence}`;
}
