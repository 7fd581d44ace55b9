// Files by a name that could be anything's: a pipe of that name is refused, where reading or writing it would wait for ever.
import {closeSync, constants, fstatSync, openSync, readFileSync, writeFileSync} from 'node:fs';
import {NOT_REGULAR} from './file-error.ts';
import {readAt} from './read-at.ts';

/** Opening waits for nobody; Windows has no such flag, and no such pipes. */
const NO_WAIT = constants.O_NONBLOCK ?? 0;

/**
 * The content of a regular file; links are followed.
 * @throws the file system's error; it has the code ENOTREG for a pipe, a device or a socket
 */
export function readRegular(path: string): Buffer {
  return withRegular(path, constants.O_RDONLY, (fd) => readFileSync(fd));
}

/** As `readRegular`, as text. */
export function readRegularText(path: string): string {
  return readRegular(path).toString('utf8');
}

/**
 * Appends `line` to a regular file, which is made for its owner alone where it is missing. A last line without an end, as a
 * full disk or a power failure leaves it, is ended, so that it costs no other.
 * @throws as `readRegular`; a part of the line may be there then
 */
export function appendLine(path: string, line: string): void {
  withRegular(path, constants.O_RDWR | constants.O_APPEND | constants.O_CREAT, (fd, size) => {
    const isCut = size > 0 && readAt(fd, size - 1, 1)[0] !== 10;
    writeFileSync(fd, `${isCut ? '\n' : ''}${line}\n`);
  });
}

function withRegular<T>(path: string, flags: number, work: (fd: number, size: number) => T): T {
  const fd = openSync(path, flags | NO_WAIT, 0o600);
  try {
    const stat = fstatSync(fd);
    // Of a folder the system says so itself.
    if (!stat.isFile() && !stat.isDirectory()) {
      throw Object.assign(new Error('it is no regular file'), {code: NOT_REGULAR, syscall: 'open', path});
    }
    return work(fd, stat.size);
  } finally {
    closeSync(fd);
  }
}
