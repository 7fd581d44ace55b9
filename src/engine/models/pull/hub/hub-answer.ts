// What a hub's answer about a repository says, whatever else is in it.
import {count, list, object, optional, text} from '../../../../base/shape.ts';
import type {HubFile} from './hub-folder.ts';

const file = object({
  rfilename: text,
  size: optional(count),
  blobId: optional(text),
  lfs: optional(object({sha256: optional(text), size: optional(count)})),
});
const answer = object({sha: text, siblings: list(optional(file))});

/** The commit, undefined where the answer is none, and the files whose names can be paths inside a folder. */
export function repositoryIn(json: unknown): {readonly commit: string | undefined; readonly files: readonly HubFile[]} {
  const {sha, siblings = []} = optional(answer)(json) ?? {};
  if (sha === undefined || !/^[0-9a-f]{7,64}$/.test(sha)) return {commit: undefined, files: []};
  const files = siblings.flatMap((one) => {
    if (one?.rfilename === undefined || !isSafeName(one.rfilename)) return [];
    const {rfilename: name, size, blobId, lfs} = one;
    const gitBlob = lfs === undefined ? asHex(blobId, 40) : undefined;
    return [{name, bytes: lfs?.size ?? size ?? 0, sha256: asHex(lfs?.sha256, 64), gitBlob}];
  });
  return {commit: sha, files};
}

/** A sum from the network becomes a file's name. */
function asHex(sum: string | undefined, length: number): string | undefined {
  return sum?.length === length && /^[0-9a-f]+$/.test(sum) ? sum : undefined;
}

/** A name from the network becomes a path: no way out of the folder, nor a name that ends early. */
function isSafeName(name: string): boolean {
  const isInside = !name.startsWith('/') && !name.includes('\\') && !name.includes('\0');
  return isInside && name.split('/').every((part) => part !== '..' && part !== '.' && part !== '');
}
