// Reads the directory of a zip archive (zip64 too) and where each stored entry lies. Nothing is unpacked.
import {EngineError} from '../../../base/errors.ts';
import {readAt} from '../../../base/files/read-at.ts';

export interface ZipEntry {
  readonly name: string;
  /** Bytes of its content. */
  readonly size: number;
  readonly compressed: boolean;
  /** Where its local header starts. */
  readonly headerOffset: number;
}

const END = 0x06054b50;
const END64 = 0x06064b50;
const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;
const LARGEST_DIRECTORY = 64 << 20;

/** Entries by name. Throws EngineError model_invalid for an archive that is cut or damaged. */
export function readZipDirectory(fd: number, path: string, fileSize: number): ReadonlyMap<string, ZipEntry> {
  const {offset, size} = findDirectory(fd, path, fileSize);
  if (size > LARGEST_DIRECTORY || offset + size > fileSize) throw damaged(path);
  const bytes = readAt(fd, offset, size);
  const entries = new Map<string, ZipEntry>();
  for (let at = 0; at + 46 <= bytes.length && bytes.readUInt32LE(at) === ENTRY; ) {
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((field) => bytes.readUInt16LE(at + field));
    const end = at + 46 + (nameLength ?? 0) + (extraLength ?? 0) + (commentLength ?? 0);
    if (end > bytes.length) throw damaged(path);
    const entry = readEntry(bytes, at, nameLength ?? 0, extraLength ?? 0);
    entries.set(entry.name, entry);
    at = end;
  }
  return entries;
}

/** Where the content of a stored entry starts. */
export function storedOffset(fd: number, path: string, entry: ZipEntry, fileSize: number): number {
  if (entry.headerOffset + 30 > fileSize) throw damaged(path);
  const local = readAt(fd, entry.headerOffset, 30);
  const start = entry.headerOffset + 30 + local.readUInt16LE(26) + local.readUInt16LE(28);
  if (local.readUInt32LE(0) !== LOCAL || start + entry.size > fileSize) throw damaged(path);
  return start;
}

function findDirectory(fd: number, path: string, fileSize: number): {offset: number; size: number} {
  const start = Math.max(0, fileSize - 65_557);
  const tail = readAt(fd, start, fileSize - start);
  for (let at = tail.length - 22; at >= 0; at--) {
    if (tail.readUInt32LE(at) !== END) continue;
    const size = tail.readUInt32LE(at + 12);
    const offset = tail.readUInt32LE(at + 16);
    if (size !== 0xffffffff && offset !== 0xffffffff) return {offset, size};
    if (at < 20) break;
    const end64 = Number(tail.readBigUInt64LE(at - 12));
    if (end64 + 56 > fileSize) break;
    const record = readAt(fd, end64, 56);
    if (record.readUInt32LE(0) !== END64) break;
    return {size: Number(record.readBigUInt64LE(40)), offset: Number(record.readBigUInt64LE(48))};
  }
  throw damaged(path);
}

function readEntry(bytes: Buffer, at: number, nameLength: number, extraLength: number): ZipEntry {
  const nameEnd = at + 46 + nameLength;
  const wide = zip64Fields(bytes.subarray(nameEnd, nameEnd + extraLength));
  const field = (position: number) => {
    const value = bytes.readUInt32LE(at + position);
    return value === 0xffffffff ? (wide.shift() ?? value) : value;
  };
  const size = field(24);
  field(20);
  return {
    name: bytes.toString('utf8', at + 46, nameEnd),
    size,
    compressed: bytes.readUInt16LE(at + 10) !== 0,
    headerOffset: field(42),
  };
}

/** The 64-bit values that stand for fields of all ones, in order. */
function zip64Fields(extra: Buffer): number[] {
  for (let at = 0; at + 4 <= extra.length; ) {
    const length = extra.readUInt16LE(at + 2);
    if (extra.readUInt16LE(at) === 1 && at + 4 + length <= extra.length) {
      return Array.from({length: Math.floor(length / 8)}, (_, i) => Number(extra.readBigUInt64LE(at + 4 + 8 * i)));
    }
    at += 4 + length;
  }
  return [];
}

function damaged(path: string): EngineError {
  return new EngineError('model_invalid', `${path} is damaged or incomplete: its zip directory cannot be read`, {
    hint: 'The download or copy was interrupted: resume it, or fetch the file again.',
  });
}
