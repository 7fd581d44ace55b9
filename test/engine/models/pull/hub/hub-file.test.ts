import {createHash} from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import {dirname, join} from 'node:path';
import {expect, onTestFinished, test} from 'vitest';
import {downloadClient} from '../../../../../src/engine/models/pull/download-client.ts';
import {fetchHubFile, finishSnapshot} from '../../../../../src/engine/models/pull/hub/hub-file.ts';
import {fileServer} from '../../../../fixtures/file-server.ts';
import {folderWith} from '../../../../fixtures/folder.ts';

const content = Buffer.from(Uint32Array.from({length: 5 << 20}, (_, i) => Math.imul(i, 2654435761)).buffer);
const sha256 = createHash('sha256').update(content).digest('hex');
const small = Buffer.from('{"dim": 4}\n');
const smallBlob = '80b3c5f4ca7f1a6ca5b7a3d5d5ee2b56e4d5a7c4';
const commit = 'c0ffee0123456789c0ffee0123456789c0ffee01';

/** A hub with one file, and an empty cache. */
async function hub(behaviour = {}, served: Uint8Array = content) {
  const server = await fileServer(served, behaviour);
  const cache = folderWith();
  const repository = join(cache, 'models--x--y');
  const http = downloadClient({env: {}, backoffMs: 1});
  onTestFinished(() => http.close());
  const notes: string[] = [];
  const tree = {repo: 'x/y', revision: 'main', commit, files: []};
  const options = {cache, endpoint: server.url, retryDelay: 1, note: (line: string) => notes.push(line)};
  const fetch = (signal = new AbortController().signal, progress: (done: number) => void = () => {}) => {
    const file = {name: 'sub/m.gguf', bytes: content.length, sha256, gitBlob: undefined};
    return fetchHubFile(http, tree, file, {...options, signal, progress});
  };
  const fetchSmall = (gitBlob: string) => {
    const file = {name: 'params.json', bytes: small.length, sha256: undefined, gitBlob};
    return fetchHubFile(http, tree, file, {...options, signal: new AbortController().signal});
  };
  const finish = () => finishSnapshot(tree, options);
  const blob = join(repository, 'blobs', sha256);
  const path = join(repository, 'snapshots', commit, 'sub/m.gguf');
  return {
    server,
    cache,
    repository,
    blob,
    path,
    own: join(repository, '.mistral-chat'),
    notes,
    fetch,
    fetchSmall,
    finish,
  };
}

const isRight = (path: string) => Buffer.compare(readFileSync(path), content) === 0;
const gitName = (bytes: Uint8Array) => createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');

test('a file that is stopped leaves nothing under a name that another program reads, and none of its full size', async () => {
  const {fetch, repository, own} = await hub();
  const controller = new AbortController();
  const progress = (done: number) => {
    if (done > 3_000_000) controller.abort('SIGINT');
  };
  await expect(fetch(controller.signal, progress)).rejects.toBe('SIGINT');
  expect(readdirSync(repository).sort()).toEqual(['.mistral-chat', 'blobs']);
  expect(readdirSync(join(repository, 'blobs'))).toEqual([]);
  expect(readdirSync(own).sort()).toEqual([`${sha256}.json`, `${sha256}.part`]);
  expect(statSync(join(own, `${sha256}.part`)).size).toBeLessThan(content.length);
});

test('a fetched file is a blob, a link and nothing else; a small one by its git name too', async () => {
  const {fetch, blob, path, own, server, fetchSmall} = await hub();
  expect(await fetch()).toBe(path);
  expect(isRight(blob)).toBe(true);
  expect(readlinkSync(path)).toBe(`../../../blobs/${sha256}`);
  expect(readdirSync(own)).toEqual(['checked.json']);
  Object.assign(server, {content: small});
  expect(readFileSync(await fetchSmall(gitName(small)), 'utf8')).toBe('{"dim": 4}\n');
  await expect(fetchSmall(smallBlob)).rejects.toMatchObject({
    code: 'model_invalid',
    message: `params.json arrived damaged: git names it ${gitName(small)}, not ${smallBlob}`,
  });
  expect(readdirSync(join(blob, '..')).sort()).toEqual([gitName(small), sha256].sort());
});

/** What may lie under a blob's name that we did not finish. */
const damage: [string, (there: Uint8Array) => Uint8Array][] = [
  ['zeros of the same size', (there) => Buffer.alloc(there.length)],
  ['one changed bit', (there) => Buffer.from(there).fill((there[9] ?? 0) ^ 1, 9, 10)],
  ['too little', (there) => there.subarray(0, 1000)],
  ['too much', (there) => Buffer.concat([there, Buffer.of(0)])],
  ['nothing', () => Buffer.alloc(0)],
];

test.each(damage)(
  'a blob of %s that another program left is told and fetched again, with or without its link',
  async (_, of) => {
    for (const isLinked of [false, true]) {
      const {fetch, blob, path, notes, server} = await hub();
      mkdirSync(dirname(blob), {recursive: true});
      writeFileSync(blob, of(content));
      if (isLinked) {
        mkdirSync(dirname(path), {recursive: true});
        symlinkSync(`../../../blobs/${sha256}`, path);
      }
      expect(await fetch()).toBe(path);
      expect(isRight(path)).toBe(true);
      expect(notes).toEqual([
        `sub/m.gguf in ${dirname(blob)} is damaged, another program left it so: it is fetched again`,
      ]);
      server.ranges.length = 0;
      expect(await fetch()).toBe(path);
      expect(server.ranges).toEqual([]);
    }
  },
);

test('a blob that another program finished is read once, and taken', async () => {
  const {fetch, blob, path, own, server, notes} = await hub();
  mkdirSync(dirname(blob), {recursive: true});
  writeFileSync(blob, content);
  expect(await fetch()).toBe(path);
  expect([server.ranges, notes]).toEqual([[], []]);
  const {ino, mtimeNs} = statSync(blob, {bigint: true});
  expect(readFileSync(join(own, 'checked.json'), 'utf8')).toBe(`{"${sha256}":"${ino}-20971520-${mtimeNs}"}`);
});

test('a blob that was right and has changed since is told as that', async () => {
  const {fetch, blob, notes} = await hub();
  await fetch();
  writeFileSync(blob, Buffer.alloc(content.length));
  await fetch();
  expect(isRight(blob)).toBe(true);
  expect(notes).toEqual([
    expect.stringContaining('is damaged, it has changed since it was fetched: it is fetched again'),
  ]);
});

test.each(['', '{', '[]', 'null', '7', `{"${sha256}":9}`])(
  'a memory of checked blobs that says %j is none',
  async (text) => {
    const {fetch, blob, own, path} = await hub();
    mkdirSync(own, {recursive: true});
    mkdirSync(dirname(blob), {recursive: true});
    writeFileSync(blob, content);
    writeFileSync(join(own, 'checked.json'), text);
    expect(await fetch()).toBe(path);
    expect(isRight(path)).toBe(true);
  },
);

test('where links cannot be, the file lies in the snapshot, and is checked there', async () => {
  const {fetch, blob, path, notes, server} = await hub();
  await fetch();
  rmSync(path);
  renameSync(blob, path);
  server.ranges.length = 0;
  expect(await fetch()).toBe(path);
  expect(server.ranges).toEqual([]);
  expect(lstatSync(path).isFile()).toBe(true);
  writeFileSync(path, 'x');
  expect(await fetch()).toBe(path);
  expect(isRight(path)).toBe(true);
  expect(notes).toHaveLength(1);
});

test('a broken link in the snapshot is made anew', async () => {
  const {fetch, path} = await hub();
  mkdirSync(dirname(path), {recursive: true});
  symlinkSync('../../../blobs/gone', path);
  expect(await fetch()).toBe(path);
  expect(isRight(path)).toBe(true);
});

test('parts of earlier versions go; those of other programs are neither read nor touched', async () => {
  const {fetch, finish, blob, notes} = await hub();
  const blobs = dirname(blob);
  mkdirSync(blobs, {recursive: true});
  writeFileSync(`${blob}.incomplete`, Buffer.alloc(content.length));
  writeFileSync(`${blob}.incomplete.json`, '{}');
  writeFileSync(`${blob}.lock`, '');
  const others = ['abc.incomplete', `${sha256}.12ab34cd.incomplete`];
  for (const name of others) writeFileSync(join(blobs, name), 'x');
  // A lock file without a holder counts as one that is just being made.
  utimesSync(`${blob}.lock`, 0, 0);
  await fetch();
  finish();
  expect(isRight(blob)).toBe(true);
  expect(readdirSync(blobs).sort()).toEqual([...others, sha256].sort());
  expect(notes).toEqual([
    `removed an unfinished download of an earlier version, which other programs take for a whole file: ${sha256}`,
  ]);
});

test('what a killed run left of a file that another program finished meanwhile goes', async () => {
  const {fetch, blob, own} = await hub();
  mkdirSync(dirname(blob), {recursive: true});
  mkdirSync(own, {recursive: true});
  writeFileSync(blob, content);
  for (const end of ['part', 'json', 'json.4711.part']) writeFileSync(join(own, `${sha256}.${end}`), 'x');
  writeFileSync(join(own, `other.part`), 'x');
  await fetch();
  expect(readdirSync(own).sort()).toEqual(['checked.json', 'other.part']);
});

test('refs name the snapshot; a commit needs none', async () => {
  const {fetch, finish, repository} = await hub();
  await fetch();
  finish();
  finish();
  expect(readFileSync(join(repository, 'refs/main'), 'utf8')).toBe(commit);
  const options = {cache: join(repository, '..')};
  finishSnapshot({repo: 'x/y', revision: 'refs/pr/7', commit, files: []}, options);
  expect(readFileSync(join(repository, 'refs/refs/pr/7'), 'utf8')).toBe(commit);
  finishSnapshot({repo: 'x/y', revision: commit, commit, files: []}, options);
  expect(existsSync(join(repository, 'refs', commit))).toBe(false);
});
