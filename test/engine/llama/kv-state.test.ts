import {readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, test} from 'vitest';
import {textPrompt} from '../../../src/engine/contract/prompt.ts';
import {checkState, modelFingerprint, type StateKey, writeState} from '../../../src/engine/llama/kv-state.ts';
import {FakeNativeContext} from '../../fakes/native-context.ts';
import {folderWith} from '../../fixtures/folder.ts';
import {promptOf} from '../../fixtures/media-prompt.ts';

const KEY: StateKey = {model: 'abc', engine: 'b1', kvType: 'F16', flashAttention: true, loras: []};
const TOKENS = [1, 3, 270, 271, 4];

async function saved(tokens: readonly number[] = TOKENS) {
  const path = join(folderWith({}), 'state');
  const context = new FakeNativeContext();
  context.sequences.set(2, [...tokens]);
  await writeState(context, 2, textPrompt(tokens), KEY, path);
  return path;
}

describe('a saved state', () => {
  test('is taken by the model and settings it was made with', async () => {
    expect(await checkState(await saved(), KEY, 100)).toEqual([1, 3, 270, 271, 4]);
  });

  test('fits a context of exactly its length, and no shorter one', async () => {
    const path = await saved();
    expect(await checkState(path, KEY, 5)).toEqual([1, 3, 270, 271, 4]);
    expect(await checkState(path, KEY, 4)).toBeUndefined();
    expect(await checkState(path, KEY, 1)).toBeUndefined();
  });

  test('of nothing is no state', async () => {
    expect(await checkState(await saved([]), KEY, 100)).toBeUndefined();
  });

  test.each<Partial<StateKey>>([
    {model: 'abd'},
    {engine: 'b2'},
    {kvType: 'Q8_0'},
    {flashAttention: false},
    {loras: ['/a.gguf@1']},
  ])('is refused where %j differs', async (difference) => {
    expect(await checkState(await saved(), {...KEY, ...difference}, 100)).toBeUndefined();
  });

  test.each<[string, (path: string) => void]>([
    ['a byte of it changed', (path) => writeFileSync(path, flipped(readFileSync(path)))],
    ['its end is missing', (path) => writeFileSync(path, readFileSync(path).subarray(0, -1))],
    ['it is longer than it was', (path) => writeFileSync(path, Buffer.concat([readFileSync(path), Buffer.alloc(1)]))],
    ['its header is no JSON', (path) => writeFileSync(`${path}.json`, '{"format": 1')],
    ['its header has another format', (path) => rewrite(`${path}.json`, '"format":1', '"format":2')],
  ])('is refused when %s', async (_what, damage) => {
    const path = await saved();
    damage(path);
    expect(await checkState(path, KEY, 100)).toBeUndefined();
  });

  test('with a picture is not written: it could not be told from that of another one', async () => {
    const folder = folderWith({});
    const context = new FakeNativeContext();
    context.sequences.set(0, [1, 2, 3]);
    expect(await writeState(context, 0, promptOf(1, ['cat', 2]), KEY, join(folder, 'state'))).toBe(false);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('that was never written is none', async () => {
    expect(await checkState(join(folderWith({}), 'none'), KEY, 100)).toBeUndefined();
  });
});

describe('the fingerprint of a model', () => {
  const MEGABYTE = 1024 ** 2;
  const fingerprint = (bytes: Uint8Array) => modelFingerprint(join(folderWith({'m.gguf': bytes}), 'm.gguf'));
  const changedAt = (at: number) => Buffer.alloc(MEGABYTE).fill(1, at, at + 1);

  test('is the same for the same bytes', async () => {
    expect(await fingerprint(Buffer.alloc(MEGABYTE))).toBe(await fingerprint(Buffer.alloc(MEGABYTE)));
  });

  test.each([0, MEGABYTE / 2, MEGABYTE - 1])('sees a change at byte %i', async (at) => {
    expect(await fingerprint(changedAt(at))).not.toBe(await fingerprint(Buffer.alloc(MEGABYTE)));
  });

  test('sees another length, and takes a file shorter than one sample', async () => {
    expect(await fingerprint(Buffer.alloc(MEGABYTE + 1))).not.toBe(await fingerprint(Buffer.alloc(MEGABYTE)));
    expect(await fingerprint(Buffer.alloc(3))).not.toBe(await fingerprint(Buffer.alloc(4)));
  });
});

function flipped(bytes: Buffer): Buffer {
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  return bytes;
}

function rewrite(path: string, from: string, to: string): void {
  const text = readFileSync(path, 'utf8');
  expect(text).toContain(from);
  writeFileSync(path, text.replace(from, to));
}
