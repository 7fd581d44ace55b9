// Unpacks the files of a tar while it comes, from its start or from inside one of its files.
import {once} from 'node:events';
import {closeSync, fsyncSync, openSync, writeSync} from 'node:fs';
import {basename, join} from 'node:path';
import {Readable} from 'node:stream';
import {extract, type Header, pack} from 'tar-stream';
import {EngineError} from '../../../base/errors.ts';

/** A file of an archive. */
export interface TarFile {
  readonly name: string;
  /** Bytes of the archive before its content; whole blocks of 512. */
  readonly start: number;
  readonly size: number;
}

/** A place inside a file's content, whole blocks of 512 bytes after its start. */
export interface TarPlace {
  readonly file: TarFile;
  /** Bytes of the archive before it. */
  readonly at: number;
}

export interface UnpackOptions {
  /** Where `archive` begins; what comes before is in the folder. */
  readonly from?: TarPlace | undefined;
  /** Called whenever content was written: all of the archive before the place is in the folder. */
  readonly written?: (place: TarPlace, fd: number) => Promise<void>;
}

/** Writes the files of a tar flat into `folder`. Throws EngineError model_invalid for an entry that has no place there. */
export async function unpack(
  archive: AsyncIterable<Uint8Array>,
  folder: string,
  {from, written}: UnpackOptions = {},
): Promise<void> {
  const entries = extract();
  // The rest of a file is a file of its own to the reader of archives.
  const head = from === undefined ? Buffer.alloc(0) : await headOf(from.file.start + from.file.size - from.at);
  const skipped = from === undefined ? 0 : from.at - head.length;
  const source = Readable.from(after(head, archive));
  source.on('error', (error) => entries.destroy(error));
  source.pipe(entries);
  const names = new Set<string>();
  for await (const entry of entries) {
    const {name, type, size = 0, byteOffset} = entry.header as Header & {byteOffset: number};
    if (type === 'file') {
      const isRest = from !== undefined && names.size === 0;
      const flat = safeName(isRest ? from.file.name : name);
      if (names.has(flat)) refuse(name, 'is there twice');
      names.add(flat);
      const file = isRest ? from.file : {name, start: byteOffset + skipped, size};
      await writeFile(
        join(folder, flat),
        entry as AsyncIterable<Uint8Array>,
        {file, at: isRest ? from.at : file.start},
        written,
      );
    } else {
      // Folders come with their files; links could lead out of the folder and model archives have none.
      if (type !== 'directory') refuse(name, `is a ${type ?? 'thing'}, not a file`);
      entry.resume();
    }
  }
  if (names.size === 0)
    throw new EngineError('model_invalid', 'the archive holds no files', {hint: 'Check the address.'});
}

/** What stands before a file's content in an archive; its name is not looked at. */
async function headOf(size: number): Promise<Buffer> {
  const tar = pack();
  tar.entry({name: 'rest', size});
  await once(tar, 'readable');
  return tar.read() as Buffer;
}

async function* after(head: Buffer, archive: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (head.length > 0) yield head;
  yield* archive;
}

/** Files of an archive lie flat in a model folder: a leading folder is dropped, anything that leads out is refused. */
export function safeName(name: string): string {
  const parts = name.split(/[\\/]/);
  if (name.startsWith('/') || parts.includes('..') || name.includes('\0')) refuse(name, 'leads out of the folder');
  return basename(name);
}

function refuse(name: string, why: string): never {
  throw new EngineError('model_invalid', `the archive is refused: its entry "${name}" ${why}`, {
    hint: 'It is no model archive: nothing of it is kept.',
  });
}

async function writeFile(
  path: string,
  content: AsyncIterable<Uint8Array>,
  {file, at}: TarPlace,
  written: UnpackOptions['written'],
): Promise<void> {
  let position = at - file.start;
  const fd = openSync(path, position === 0 ? 'w' : 'r+');
  try {
    for await (const chunk of content) {
      for (let done = 0; done < chunk.length; ) {
        const bytes = writeSync(fd, chunk, done, chunk.length - done, position);
        done += bytes;
        position += bytes;
      }
      await written?.({file, at: file.start + position}, fd);
    }
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
