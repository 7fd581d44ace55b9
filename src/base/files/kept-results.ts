// Small results that take long to make, kept in files between runs. A cache: whatever is wrong with it, it says nothing.
import {createHash} from 'node:crypto';
import {readdirSync, rmSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {readRegularText} from './regular-file.ts';
import {writeWholeSync} from './whole-file.ts';

export interface KeptLimits {
  /** Files in the folder; of more, those written first are removed. */
  readonly most: number;
  /** Bytes of one result; a larger one is not kept. */
  readonly mostBytes: number;
}

const LIMITS: KeptLimits = {most: 64, mostBytes: 1 << 18};
const NAME = /^[0-9a-f]{64}$/;

const sumOf = (text: string) => createHash('sha256').update(text).digest('hex');

/** One folder of results, each under the hash of its key. A folder that cannot be written or read keeps nothing. */
export class KeptResults {
  readonly #folder: string;
  readonly #limits: KeptLimits;

  constructor(folder: string, limits: Partial<KeptLimits> = {}) {
    this.#folder = folder;
    this.#limits = {...LIMITS, ...limits};
  }

  /** What was kept under this key; undefined where nothing was, or where it is damaged. */
  get(key: string): string | undefined {
    try {
      const path = this.#path(key);
      if (statSync(path).size > this.#limits.mostBytes + 65) return undefined;
      const content = readRegularText(path);
      const text = content.slice(65);
      return content.slice(0, 65) === `${sumOf(text)}\n` ? text : undefined;
    } catch {
      return undefined;
    }
  }

  /** Keeps it, where that can be done, in place of what was there under this key. */
  set(key: string, text: string): void {
    if (Buffer.byteLength(text) > this.#limits.mostBytes) return;
    try {
      // When the power fails it is made again.
      writeWholeSync(this.#path(key), `${sumOf(text)}\n${text}`, {sync: false, mode: 0o600});
      this.#removeOldest();
    } catch {
      // A cache that cannot be written is none.
    }
  }

  #path(key: string): string {
    return join(this.#folder, sumOf(key));
  }

  #removeOldest(): void {
    const names = readdirSync(this.#folder).filter((name) => NAME.test(name));
    if (names.length <= this.#limits.most) return;
    const byAge = names
      .map((name) => ({name, written: statSync(join(this.#folder, name), {throwIfNoEntry: false})?.mtimeMs ?? 0}))
      .sort((a, b) => a.written - b.written);
    for (const {name} of byAge.slice(0, names.length - this.#limits.most)) rmSync(join(this.#folder, name));
  }
}
