// `@path` in a message: the file's text goes to the model below the message.
import {readFile, stat} from 'node:fs/promises';
import {extname} from 'node:path';
import {EngineError} from '../../base/errors.ts';
import {decodeText} from '../../base/text-encoding.ts';

/** Bytes of one attached file: more would not fit the context of a usual local model. */
const LIMIT = 512 * 1024;

/** `@name`, or `@"a name with spaces"`, at the start of a word. */
const NAMED = /(?:^|[\s(])@(?:"([^"\n]+)"|(\S+))/g;
/** What a sentence puts behind a name. */
const PUNCTUATION = /[.,;:!?)\]}'"…。，、！？]+$/u;
/** A name that is hardly anything but a file's: with a folder in front, or a short ending. */
const LIKE_A_FILE = /^(?:~|\.{1,2})?\/.|\/.*\.\w+$|^[\w-][\w.-]*\.[A-Za-z]\w{0,4}$/;

export interface Attached {
  /** The message with the files below it. */
  readonly content: string;
  /** What was attached, and which names were not; for the person. */
  readonly notes: readonly string[];
}

/**
 * Appends every file that the message names with `@`. A name of nothing stays a word, which a note says where it looks like
 * a file's.
 * @throws EngineError `usage` for what is there and cannot be attached: a folder, a picture, a file that is too large or may
 * not be read. The message without it would be another one.
 */
export async function attachFiles(text: string, resolvePath: (name: string) => string): Promise<Attached> {
  const written = new Set(Array.from(text.matchAll(NAMED), (match) => match[1] ?? match[2] ?? ''));
  const parts = [text];
  const notes: string[] = [];
  const attached = new Set<string>();
  for (const name of written) {
    const found = await findFile(name, resolvePath);
    if (found === undefined) {
      const bare = name.replace(PUNCTUATION, '');
      if (LIKE_A_FILE.test(bare)) notes.push(`no file ${bare}: the name is sent as text`);
    } else if (!attached.has(found.name)) {
      attached.add(found.name);
      parts.push(fenced(found.name, found.content));
      notes.push(`attached ${found.name} (${found.content.split('\n').length} lines)`);
    }
  }
  return {content: parts.join('\n\n'), notes};
}

/** The file of a name as it is written, else of that name without the sentence's punctuation. */
async function findFile(
  name: string,
  resolvePath: (name: string) => string,
): Promise<{readonly name: string; readonly content: string} | undefined> {
  for (const tried of new Set([name, name.replace(PUNCTUATION, '')])) {
    if (!/[\p{L}\p{N}]/u.test(tried)) continue;
    const content = await readText(tried, resolvePath(tried));
    if (content !== undefined) return {name: tried, content};
  }
  return undefined;
}

/** The content of a text file; undefined when there is nothing of that name. @throws EngineError `usage` */
async function readText(name: string, path: string): Promise<string | undefined> {
  let bytes: Buffer;
  try {
    const info = await stat(path);
    if (info.isDirectory()) return refuse(name, 'it is a folder');
    if (!info.isFile()) return refuse(name, 'it is not a regular file');
    if (info.size > LIMIT) return refuse(name, `it has ${info.size} bytes; the limit is ${LIMIT}`);
    bytes = await readFile(path);
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException;
    if (error instanceof EngineError) throw error;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG') return undefined;
    return refuse(name, `it cannot be read (${code})`);
  }
  const text = textOf(bytes, name);
  return text === undefined || text.includes('\0') ? refuse(name, 'it is not a text file') : text;
}

/** Undefined for bytes that are no text in an encoding that can be told. */
function textOf(bytes: Buffer, name: string): string | undefined {
  try {
    const {text, valid} = decodeText(bytes, name);
    return valid ? text : undefined;
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    return refuse(name, error.message);
  }
}

function refuse(name: string, reason: string): never {
  throw new EngineError('usage', `could not attach ${name}: ${reason}`, {
    hint: 'the message was not sent; change it, or leave out the @ to send the name as text',
  });
}

/** A file as a code block, with a fence longer than any in it. */
export function fenced(name: string, content: string): string {
  const longest = Math.max(2, ...Array.from(content.matchAll(/`{3,}/g), (match) => match[0].length));
  const fence = '`'.repeat(longest + 1);
  return `${name}:\n${fence}${extname(name).slice(1)}\n${content.replace(/\n$/, '')}\n${fence}`;
}
