// Which blobs of a repository have the content that their names promise: worked out once, remembered by what the file
// system says of the file. A program that was ended may have left anything under a blob's name.
import {rmSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {readRegularText} from '../../../base/files/regular-file.ts';
import {writeWholeSync} from '../../../base/files/whole-file.ts';
import {parsePlainJson} from '../../../base/plain-json.ts';
import {record, text} from '../../../base/shape.ts';
import {contentSum, sumKind} from './content-sum.ts';

/** By a blob's name, what its file was when it was found right. */
type Memory = ReadonlyMap<string, string>;

const memoryShape = record(text);

export type BlobState = 'right' | 'wrong' | 'changed';

export class CheckedBlobs {
  readonly #folder: string;

  /** `folder`: the one in the repository's that is this program's own. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Whether the file has the content of this name; `changed` is wrong although it was right when it was last looked at.
   * A file that was right and is the same since is not read again.
   * @throws the file system's error; the signal's reason.
   */
  async look(path: string, blob: string, bytes: number | undefined, signal: AbortSignal): Promise<BlobState> {
    const known = this.#read().get(blob);
    const mark = markOf(path);
    const isSize = bytes === undefined || statSync(path).size === bytes;
    if (isSize && known === mark) return 'right';
    const kind = sumKind(blob);
    if (isSize && kind !== undefined && (await contentSum(path, kind, signal)) === blob) {
      this.remember(path, blob);
      return 'right';
    }
    return known === undefined ? 'wrong' : 'changed';
  }

  /** The file was found right. Where nothing can be written it is worked out again the next time. */
  remember(path: string, blob: string): void {
    try {
      const text = JSON.stringify(Object.fromEntries([...this.#read(), [blob, markOf(path)]]));
      writeWholeSync(this.#file, text, {sync: false});
    } catch {
      // A cache that is read-only or full is no reason to refuse what is in it.
    }
  }

  /** Nothing is known of these blobs any more. */
  forget(blobs: readonly string[]): void {
    const memory = this.#read();
    const kept = [...memory].filter(([blob]) => !blobs.includes(blob));
    if (kept.length === 0) rmSync(this.#file, {force: true});
    else if (kept.length < memory.size) {
      writeWholeSync(this.#file, JSON.stringify(Object.fromEntries(kept)), {sync: false});
    }
  }

  get #file(): string {
    return join(this.#folder, 'checked.json');
  }

  #read(): Memory {
    try {
      return memoryShape(parsePlainJson(readRegularText(this.#file)));
    } catch {
      // Nothing was remembered, or it is damaged: then it is worked out again.
      return new Map();
    }
  }
}

/** Another file, or one that was written to, has another mark. */
function markOf(path: string): string {
  const {ino, size, mtimeNs} = statSync(path, {bigint: true});
  return `${ino}-${size}-${mtimeNs}`;
}
