// The two sums that name a file's content at the hub: sha256 of large files, git's name for small ones.
import {createHash} from 'node:crypto';
import {createReadStream, statSync} from 'node:fs';

export type SumKind = 'sha256' | 'git';

/** Which sum a blob's name is, by its length; undefined for a name that is none. */
export function sumKind(blob: string): SumKind | undefined {
  if (/^[0-9a-f]{64}$/.test(blob)) return 'sha256';
  return /^[0-9a-f]{40}$/.test(blob) ? 'git' : undefined;
}

/**
 * The sum in hex of a whole file. Git's is the sha1 of a header and the content.
 * @throws the file system's error; the signal's reason.
 */
export async function contentSum(path: string, kind: SumKind, signal: AbortSignal): Promise<string> {
  const hash = createHash(kind === 'git' ? 'sha1' : 'sha256');
  if (kind === 'git') hash.update(`blob ${statSync(path).size}\0`);
  for await (const chunk of createReadStream(path, {highWaterMark: 1 << 20})) {
    signal.throwIfAborted();
    hash.update(chunk as Uint8Array);
  }
  return hash.digest('hex');
}
