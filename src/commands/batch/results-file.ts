// The file that the records of a batch go to: added to a line at a time under a lock, and gone on with after any end.
import {closeSync, createReadStream, ftruncateSync, openSync, type Stats, statSync} from 'node:fs';
import {EngineError} from '../../base/errors.ts';
import {fileError} from '../../base/files/file-error.ts';
import {type Lock, tryLock} from '../../base/files/lock.ts';
import {readAt, writeAt} from '../../base/files/read-at.ts';
import {writeWhole} from '../../base/files/whole-file.ts';
import {isJsonNumber, isJsonObject, type Json, type JsonObject, parseJson} from '../../base/json.ts';
import {keyOf} from './batch-line.ts';

export interface Place {
  readonly path: string;
  /** What people call it. */
  readonly name: string;
}

export interface ResultsOptions {
  /** Goes on with the file that is there. */
  readonly resume: boolean;
  /** Takes the place of the file that is there. */
  readonly force: boolean;
}

/** A record in the file. */
interface Entry {
  /** Undefined for one that no later record replaces. */
  readonly key: string | undefined;
  readonly index: number;
  /** Bytes from the beginning of the file, and with the line end. */
  readonly offset: number;
  readonly length: number;
}

/** How every record begins, so that a line cut in the middle is known for one. */
const BEGINNINGS = ['{"index": ', '{"id": "batch_req_'];
const PIECE = 1 << 20;
const LF = 0x0a;

export class ResultsFile {
  readonly #path: string;
  /** As it was given, for messages. */
  readonly #name: string;
  readonly #lock: Lock;
  readonly #resumes: boolean;
  /** What of the file counts, in its order; only for a run that goes on, which alone replaces records. */
  #entries: Entry[] = [];
  readonly #answered = new Map<string, string>();
  #fd: number | undefined;
  #size = 0;

  private constructor({path, name}: Place, lock: Lock, resumes: boolean) {
    this.#path = path;
    this.#name = name;
    this.#lock = lock;
    this.#resumes = resumes;
  }

  /**
   * Takes the file for this process and reads what is there. Nothing is changed yet.
   * @throws EngineError `usage` for a file that is there, or is none; `invalid_request` for one of something else than records;
   * `model_busy` while another process writes it; `io`.
   */
  static async open(place: Place, {resume, force}: ResultsOptions): Promise<ResultsFile> {
    const {path, name} = place;
    const lock = take(place);
    try {
      const there = look(path);
      if (there && !there.isFile()) {
        throw new EngineError('usage', `${name} is ${there.isDirectory() ? 'a folder' : 'no regular file'}`, {
          hint: 'Give -o the name of a file, or leave it out: the records then go to stdout.',
        });
      }
      if (there && !resume && !force) {
        throw new EngineError('usage', `${name} is there already`, {
          hint: '--resume goes on with it, --force writes it anew.',
        });
      }
      const results = new ResultsFile(place, lock, resume);
      if (there && resume) await results.#read();
      return results;
    } catch (error) {
      lock.release();
      throw fileError(error, name, 'read');
    }
  }

  /** The hash of the line that was answered under this key; undefined where none was. */
  answered(key: string): string | undefined {
    return this.#answered.get(key);
  }

  /** Keys of lines that were answered before. */
  get answeredKeys(): Iterable<string> {
    return this.#answered.keys();
  }

  /** Aborts when another process has taken the file over. */
  get lost(): AbortSignal {
    return this.#lock.lost;
  }

  /**
   * Makes the file, or takes out of it what does not count: errors, which are tried again, and a record cut in the middle.
   * @throws EngineError `io` or `disk_full`
   */
  async begin(): Promise<void> {
    try {
      if (this.#entries.length > 0) await this.#keep(this.#entries);
      else this.#fd = openSync(this.#path, 'w');
    } catch (error) {
      throw fileError(error, this.#name, 'write');
    }
  }

  /**
   * Adds a record, whole or not at all. A later one of the same key takes its place.
   * @throws EngineError `disk_full` or `io`
   */
  append(record: string, {key, index}: Pick<Entry, 'key' | 'index'>): void {
    const bytes = Buffer.from(`${record}\n`);
    const fd = this.#fd as number;
    const offset = this.#size;
    try {
      writeAt(fd, offset, bytes);
    } catch (error) {
      try {
        ftruncateSync(fd, offset);
      } catch {
        // The record stays cut, and is taken out when the file is gone on with.
      }
      throw fileError(error, this.#name, 'write', {full: 'Free some space, then go on with --resume.'});
    }
    this.#size += bytes.length;
    if (this.#resumes) this.#entries.push({key, index, offset, length: bytes.length});
  }

  /**
   * After the last line: of two records of one line the later one stays. `ordered`: the records stand in the order of the lines.
   * @throws EngineError `io` or `disk_full`; the file is as it was then.
   */
  async finish({ordered}: {readonly ordered: boolean}): Promise<void> {
    const kept = latest(this.#entries);
    if (ordered) kept.sort((a, b) => a.index - b.index);
    if (this.#resumes) await this.#keep(kept);
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
    this.#lock.release();
  }

  async #read(): Promise<void> {
    const answers: Entry[] = [];
    let number = 0;
    let pending: Buffer[] = [];
    let offset = 0;
    const take = (line: Buffer, length: number) => {
      number++;
      const record = recordIn(line.toString('utf8'));
      if (record === undefined) throw this.#foreign(number);
      const {key, index, input, failed} = record;
      if (!failed) {
        answers.push({key, index, offset, length});
        this.#answered.set(key, input);
      }
      offset += length;
    };
    for await (const piece of createReadStream(this.#path, {highWaterMark: PIECE}) as AsyncIterable<Buffer>) {
      let start = 0;
      for (let end = piece.indexOf(LF); end !== -1; end = piece.indexOf(LF, start)) {
        const line = Buffer.concat([...pending, piece.subarray(start, end)]);
        pending = [];
        take(line, line.length + 1);
        start = end + 1;
      }
      if (start < piece.length) pending.push(piece.subarray(start));
    }
    const rest = Buffer.concat(pending).toString('utf8');
    if (!BEGINNINGS.some((beginning) => rest.startsWith(beginning) || beginning.startsWith(rest))) {
      throw this.#foreign(number + 1);
    }
    this.#entries = latest(answers);
  }

  #foreign(line: number): EngineError {
    return new EngineError('invalid_request', `line ${line} of ${this.#name} is no record of a batch`, {
      hint: 'Give -o the file of the run that is to go on; --force writes it anew.',
    });
  }

  /** Leaves these records in the file, in this order, and is open behind them. */
  async #keep(entries: readonly Entry[]): Promise<void> {
    const fd = this.#fd ?? openSync(this.#path, 'r+');
    this.#fd = fd;
    let size = 0;
    const moved = entries.map(({key, index, length}) => {
      const entry = {key, index, offset: size, length};
      size += length;
      return entry;
    });
    if (entries.every(({offset}, place) => offset === moved[place]?.offset)) {
      ftruncateSync(fd, size);
    } else {
      await writeWhole(
        this.#path,
        async (part) => {
          for (const [place, {offset, length}] of entries.entries()) {
            writeAt(part, moved[place]?.offset as number, readAt(fd, offset, length));
          }
        },
        {bytes: size, alone: true},
      );
      closeSync(fd);
      this.#fd = openSync(this.#path, 'r+');
    }
    this.#entries = moved;
    this.#size = size;
  }
}

function take({path, name}: Place): Lock {
  let lock: Lock | undefined;
  try {
    lock = tryLock(`${path}.lock`);
  } catch (error) {
    throw fileError(error, name, 'write');
  }
  if (lock) return lock;
  throw new EngineError('model_busy', `${name} is being written by another process`, {
    hint: 'Wait until it has finished, or name another file.',
  });
}

function look(path: string): Stats | undefined {
  return statSync(path, {throwIfNoEntry: false});
}

/** The last record of each key, and all that have none. */
function latest(entries: readonly Entry[]): Entry[] {
  const last = new Map(entries.flatMap((entry) => (entry.key === undefined ? [] : [[entry.key, entry] as const])));
  return entries.filter((entry) => entry.key === undefined || last.get(entry.key) === entry);
}

interface FoundRecord {
  readonly key: string;
  readonly index: number;
  readonly input: string;
  readonly failed: boolean;
}

/** What a record says of its line; undefined for what is none. */
function recordIn(text: string): FoundRecord | undefined {
  const json = jsonObject(text);
  const [index, input] = [json?.get('index'), json?.get('input')];
  if (!json || !isJsonNumber(index) || typeof input !== 'string') return undefined;
  const id = json.has('custom_id') ? json.get('custom_id') : json.get('id');
  const place = Number(index.source);
  return {key: keyOf(id ?? undefined, place), index: place, input, failed: (json.get('error') ?? null) !== null};
}

function jsonObject(text: string): JsonObject | undefined {
  if (!BEGINNINGS.some((beginning) => text.startsWith(beginning))) return undefined;
  let json: Json;
  try {
    json = parseJson(text);
  } catch {
    return undefined;
  }
  return isJsonObject(json) ? json : undefined;
}
