// The files of an archive and where they lie in it, found from header to header without reading what is between.

import {closeSync, fstatSync, openSync} from 'node:fs';
import {basename} from 'node:path';
import {EngineError} from '../../base/errors.ts';
import {fileError} from '../../base/files/file-error.ts';
import {readAt} from '../../base/files/read-at.ts';

export interface ArchivedFile {
  /** Without folders, as it lies once it is unpacked. */
  readonly name: string;
  /** Bytes from the start of the archive. */
  readonly at: number;
  readonly bytes: number;
}

const BLOCK = 512;
/** A model's archive has about ten; a crafted one is not walked for ever. */
const MOST_ENTRIES = 10_000;
/** Long names are kept in an entry of their own; a name of more than this is none. */
const MOST_NAME = 64 * 1024;

/** Lists the plain files of a tar. @throws EngineError `model_invalid` when it is none, or is cut off; `io`. */
export function tarFiles(path: string): ArchivedFile[] {
  return withFile(path, (fd) => {
    const {size} = fstatSync(fd);
    const files: ArchivedFile[] = [];
    let longName: string | undefined;
    for (let at = 0, entries = 0; at + BLOCK <= size; entries++) {
      const header = readAt(fd, at, BLOCK);
      if (header.every((byte) => byte === 0)) break;
      if (!hasChecksum(header) || entries > MOST_ENTRIES) throw damaged(path, 'its headers make no sense');
      const bytes = sizeOf(header);
      const content = at + BLOCK;
      const type = String.fromCharCode(header[156] ?? 0);
      if (!(bytes >= 0 && content + bytes <= size)) throw damaged(path, 'it ends in the middle of a file');
      if (type === 'L' || type === 'x') {
        longName = nameIn(readAt(fd, content, Math.min(bytes, MOST_NAME)), type) ?? longName;
      } else {
        if (type === '0' || type === '\0') files.push({name: basename(longName ?? nameOf(header)), at: content, bytes});
        longName = undefined;
      }
      at = content + Math.ceil(bytes / BLOCK) * BLOCK;
    }
    return files;
  });
}

/** The content of a file of the archive. @throws EngineError `io`. */
export function readArchived(path: string, {at, bytes}: ArchivedFile): Buffer {
  return withFile(path, (fd) => readAt(fd, at, bytes));
}

function withFile<T>(path: string, work: (fd: number) => T): T {
  let fd: number | undefined;
  try {
    fd = openSync(path, 'r');
    return work(fd);
  } catch (cause) {
    throw fileError(cause, path, 'read');
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** The sum of all bytes, those of the sum itself counted as blanks. */
function hasChecksum(header: Buffer): boolean {
  const stated = Number.parseInt(textOf(header, 148, 8).trim(), 8);
  const sum = header.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0);
  return stated === sum;
}

/** Octal digits, or for 8 GiB and more a binary number behind a set bit. */
function sizeOf(header: Buffer): number {
  if (((header[124] ?? 0) & 0x80) !== 0) return Number(header.readBigUInt64BE(128));
  return Number.parseInt(textOf(header, 124, 12).trim() || '0', 8);
}

function nameOf(header: Buffer): string {
  return textOf(header, 0, 100);
}

/** GNU keeps a long name as it is, POSIX as `LENGTH path=NAME` among other records. */
function nameIn(content: Buffer, type: 'L' | 'x'): string | undefined {
  const text = content.toString();
  return type === 'L' ? text.replace(/\0.*$/s, '') : /(?:^|\n)\d+ path=([^\n]*)\n/.exec(text)?.[1];
}

function textOf(header: Buffer, start: number, length: number): string {
  return header.toString('utf8', start, start + length).replace(/\0.*$/s, '');
}

function damaged(path: string, what: string): EngineError {
  return new EngineError('model_invalid', `${path} is no whole archive: ${what}`, {
    hint: 'The download or copy broke off: fetch the archive again.',
  });
}
