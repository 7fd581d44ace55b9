// How far an archive was fetched and unpacked: a note beside the folder, from which a later run goes on.
import {rmSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {createMD5} from 'hash-wasm';
import {readRegularText} from '../../../base/files/regular-file.ts';
import {writeWholeSync} from '../../../base/files/whole-file.ts';
import {parsePlainJson} from '../../../base/plain-json.ts';
import {complete, count, text} from '../../../base/shape.ts';
import {safeName, type TarPlace} from './untar-stream.ts';

export interface TarNote extends TarPlace {
  readonly url: string;
  /** ETag or date of the archive; '' when the server gives neither. */
  readonly tag: string;
  /** State of the md5 over the bytes before the place, in base64. */
  readonly md5: string;
}

const noteShape = complete({
  url: text,
  tag: text,
  md5: text,
  at: count,
  file: complete({name: text, size: count, start: count}),
});

export type Md5 = Awaited<ReturnType<typeof createMD5>>;

/** An md5 that can be kept and taken up. Throws for a state that is none. */
export async function md5From(state?: string): Promise<Md5> {
  const hash = await createMD5();
  hash.init();
  return state === undefined ? hash : hash.load(Buffer.from(state, 'base64'));
}

/**
 * What an earlier run left in `folder` of the archive at this address; undefined when there is nothing to go on from, a
 * damaged note or one of another version of the hash included.
 */
export async function readNote(path: string, folder: string, url: string): Promise<TarNote | undefined> {
  try {
    const note: TarNote = noteShape(parsePlainJson(readRegularText(path)));
    const {size} = statSync(join(folder, safeName(note.file.name)));
    await md5From(note.md5);
    const isSound = note.url === url && note.at > note.file.start && note.file.start + size >= note.at;
    return isSound ? note : undefined;
  } catch {
    return undefined;
  }
}

/** Writes the note, whole or not at all; one that the power takes costs no more than what came since. */
export function writeNote(path: string, note: TarNote): void {
  writeWholeSync(path, JSON.stringify(note), {sync: false});
}

export function removeNote(path: string): void {
  rmSync(path, {force: true});
}
