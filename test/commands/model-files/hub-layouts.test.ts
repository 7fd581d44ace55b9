// What three versions of huggingface_hub left in a cache, recorded: one model under three revisions, and a download that was
// ended by kill -9. test/reference/hub-cache.reference.ts does the same with the library itself.
import {mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {expect, test} from 'vitest';
import {run} from '../../../src/commands/program.ts';
import {fakeIo} from '../../fakes/io.ts';
import {fileServer} from '../../fixtures/file-server.ts';
import {folderWith} from '../../fixtures/folder.ts';

const content = Buffer.concat([Buffer.from('GGUF'), Buffer.alloc(2_000_000)]);
const SUM = '249d08b3bbee9b0f8dbd7837155d040ac6d7c65793a01c970447e49ed61c91d1';
const SMALL = 'b06d1458af38d2fa37df0c2608da108d57e3e93c';
const COMMIT = 'c0ffee01c0ffee01c0ffee01c0ffee01c0ffee01';
const REPO = 'models--x--y';

const COMMON: Readonly<Record<string, string | Buffer>> = {
  [`.locks/${REPO}/${SUM}.lock`]: '',
  [`.locks/${REPO}/${SMALL}.lock`]: '',
  [`${REPO}/blobs/${SUM}`]: content,
  [`${REPO}/blobs/${SMALL}`]: '{"dim": 4}\n',
  [`${REPO}/refs/main`]: COMMIT,
  [`${REPO}/refs/v1`]: COMMIT,
  [`${REPO}/refs/refs/pr/7`]: COMMIT,
};
const LINKS = {
  [`${REPO}/snapshots/${COMMIT}/params.json`]: `../../blobs/${SMALL}`,
  [`${REPO}/snapshots/${COMMIT}/sub/m-Q8_0.gguf`]: `../../../blobs/${SUM}`,
};
/** By version: what is there beside the common, all of it to stay. */
const OWN: [string, Readonly<Record<string, string>>][] = [
  ['0.36.0', {[`${REPO}/blobs/${SUM}.incomplete`]: ''}],
  ['1.3.0', {[`${REPO}/blobs/${SUM}.incomplete`]: ''}],
  [
    '2.4.0',
    {'CACHEDIR.TAG': 'Signature: 8a477f597d28d172789f06886806bc55', [`${REPO}/blobs/${SUM}.78e806c4.incomplete`]: ''},
  ],
];

function put(root: string, files: Readonly<Record<string, string | Buffer>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), {recursive: true});
    writeFileSync(join(root, name), text);
  }
}

test.each(OWN)(
  'what huggingface_hub %s fetched is taken, listed and removed, what it did not finish stays',
  async (_, own) => {
    const cache = folderWith();
    put(cache, {...COMMON, ...own});
    for (const [name, target] of Object.entries(LINKS)) {
      mkdirSync(dirname(join(cache, name)), {recursive: true});
      symlinkSync(target, join(cache, name));
    }
    const siblings = [{rfilename: 'sub/m-Q8_0.gguf', size: content.length, lfs: {sha256: SUM, size: content.length}}];
    const list = {'/api/models/x/y/revision/main': JSON.stringify({sha: COMMIT, siblings})};
    const server = await fileServer(
      content,
      {},
      Object.fromEntries(
        Object.entries(list).map(([path, text]) => [path, (_request, response) => void response.end(text)]),
      ),
    );
    const env = {HOME: cache, HF_HUB_CACHE: cache, HF_ENDPOINT: server.url};
    const mistral = async (...argv: string[]) => {
      const io = fakeIo('', env);
      return {code: await run('mistral', argv, io), out: io.out(), err: io.err()};
    };
    const path = join(cache, REPO, 'snapshots', COMMIT, 'sub/m-Q8_0.gguf');
    expect(JSON.parse((await mistral('list', '--json')).out)).toEqual([
      {name: 'hf:x/y/sub/m-Q8_0.gguf', path, bytes: 2_000_004, store: 'hub'},
    ]);
    for (const name of ['x/y', 'x/y@v1:Q8_0', 'x/y@refs/pr/7', `x/y@${COMMIT}`]) {
      expect(await mistral('pull', name, '--offline')).toMatchObject({code: 0, out: `${path}\n`});
    }
    expect(await mistral('pull', 'x/y')).toMatchObject({code: 0, out: `${path}\n`});
    expect(server.ranges).toEqual([]);
    expect((await mistral('rm', 'm-Q8_0.gguf', '--yes')).code).toBe(0);
    const left = readdirSync(cache, {recursive: true, withFileTypes: true}).filter((entry) => !entry.isDirectory());
    const kept = Object.fromEntries(Object.entries(COMMON).filter(([name]) => !name.endsWith(`blobs/${SUM}`)));
    const expected = [...Object.keys({...kept, ...own}), `${REPO}/snapshots/${COMMIT}/params.json`];
    const place = (entry: (typeof left)[number]) => join(entry.parentPath, entry.name).slice(cache.length + 1);
    expect(left.map(place).sort()).toEqual(expected.sort());
    for (const name of Object.keys(own)) expect(readFileSync(join(cache, name), 'utf8')).toBe(own[name]);
  },
);
