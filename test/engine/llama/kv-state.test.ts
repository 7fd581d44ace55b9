import {execFileSync} from 'node:child_process';
import {readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {textPrompt} from '../../../src/engine/contract/prompt.ts';
import {checkState, type StateKey, writeState} from '../../../src/engine/llama/kv-state.ts';
import type {NativeContext} from '../../../src/engine/llama/native-context.ts';
import {folderWith} from '../../fixtures/folder.ts';

const key: StateKey = {model: 'm', engine: 'b1', kvType: 'F16', flashAttention: true, loras: []};

/** What writes the state, in place of the library: it opens the file by its name, as the library does. */
const writing = (content: string | Error) =>
  ({
    saveSequenceStateToFile: async (path: string) => {
      if (content instanceof Error) throw content;
      writeFileSync(path, content);
    },
  }) as unknown as NativeContext;

async function saved() {
  const folder = folderWith();
  const path = join(folder, 'a.kv');
  await writeState(writing('state'), 0, textPrompt([1, 2, 3]), key, path);
  const header = JSON.parse(readFileSync(`${path}.json`, 'utf8')) as Record<string, unknown>;
  return {
    folder,
    path,
    rewrite: (changes: object) => writeFileSync(`${path}.json`, JSON.stringify({...header, ...changes})),
  };
}

test('what was saved is found again, by its key, and is for its owner only', async () => {
  const {folder, path} = await saved();
  expect(await checkState(path, key, 3)).toEqual([1, 2, 3]);
  expect(readdirSync(folder).sort()).toEqual(['a.kv', 'a.kv.json']);
  expect([path, `${path}.json`].map((file) => statSync(file).mode & 0o777)).toEqual([0o600, 0o600]);
});

test('why a state is not used: there is none, it belongs to something else, it is damaged', async () => {
  const {folder, path, rewrite} = await saved();
  expect(await checkState(join(folder, 'none.kv'), key, 3)).toBe('none');
  expect(await checkState(path, key, 2)).toBe('other');
  expect(await checkState(path, {...key, engine: 'b2'}, 3)).toBe('other');
  for (const tokens of [[], [1, 'x'], null, 'abc', [1.5], [1, null, 2], [-1], [1e20], {0: 1}]) {
    rewrite({tokens});
    expect(await checkState(path, key, 3)).toBe('damaged');
  }
  rewrite({format: 2});
  expect(await checkState(path, key, 3)).toBe('other');
  rewrite({});
  writeFileSync(path, 'statf');
  expect(await checkState(path, key, 3)).toBe('damaged');
  writeFileSync(`${path}.json`, '{"format":1,');
  expect(await checkState(path, key, 3)).toBe('damaged');
});

test('a pipe in place of a state or of its header is waited for by nobody', async () => {
  for (const name of ['a.kv', 'a.kv.json']) {
    const {folder, path} = await saved();
    execFileSync('sh', ['-c', 'rm "$0" && mkfifo "$0"', join(folder, name)]);
    expect(await checkState(path, key, 3)).toBe('damaged');
  }
});

test('a state that cannot be saved leaves the one before, whole', async () => {
  const {folder, path} = await saved();
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), {code: 'ENOSPC', syscall: 'write'});
  const failed = writeState(writing(full), 0, textPrompt([4]), key, path);
  await expect(failed).rejects.toMatchObject({code: 'disk_full', message: 'the disk is full: a.kv is not complete'});
  expect(readdirSync(folder).sort()).toEqual(['a.kv', 'a.kv.json']);
  expect(await checkState(path, key, 3)).toEqual([1, 2, 3]);
});
