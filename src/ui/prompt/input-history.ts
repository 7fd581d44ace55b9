// Messages typed before: a JSONL file, appended as they are sent, for Up, Ctrl+R and the next chat.
import {dirname} from 'node:path';
import {makeFolder} from '../../base/files/make-folder.ts';
import {keepPrivate} from '../../base/files/private-file.ts';
import {appendLine, readRegularText} from '../../base/files/regular-file.ts';
import {writeWholeSync} from '../../base/files/whole-file.ts';
import {parsePlainJson} from '../../base/plain-json.ts';

/** Entries kept; a file with twice as many is rewritten. */
const LIMIT = 5000;

/** The messages of all chats, the oldest first. Not being able to read or write the file is no failure of the chat. */
export class History {
  readonly #file: string | undefined;
  #entries: string[] = [];

  /** `file` undefined: nothing is kept beyond this process. */
  constructor(file: string | undefined) {
    this.#file = file;
    if (file !== undefined) this.#read(file);
  }

  get entries(): readonly string[] {
    return this.#entries;
  }

  /** Remembers a sent message, unless it repeats the last one or starts with a space. */
  add(text: string): void {
    if (text.startsWith(' ') || text.trim() === '' || text === this.#entries.at(-1)) return;
    this.#entries = [...this.#entries.slice(1 - LIMIT), text];
    if (this.#file === undefined) return;
    try {
      makeFolder(dirname(this.#file), 0o700);
      appendLine(this.#file, JSON.stringify(text));
    } catch {
      // A full disk or a read-only folder: the message still counts in this chat.
    }
  }

  #read(file: string): void {
    keepPrivate(file, 0o600);
    let content: string;
    try {
      content = readRegularText(file);
    } catch {
      return;
    }
    const entries = content.split('\n').flatMap(parse);
    this.#entries = entries.slice(-LIMIT);
    if (entries.length > 2 * LIMIT) rewrite(file, this.#entries);
  }
}

/** The text of a line; a damaged line is left out. */
function parse(line: string): string[] {
  try {
    const value = parsePlainJson(line);
    return typeof value === 'string' ? [value] : [];
  } catch {
    return [];
  }
}

function rewrite(file: string, entries: readonly string[]): void {
  const content = entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
  try {
    writeWholeSync(file, content, {mode: 0o600});
  } catch {
    // The long file stays as it is.
  }
}
