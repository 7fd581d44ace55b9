import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {run} from '../../../src/commands/program.ts';
import {readGguf} from '../../../src/engine/gguf/read-header.ts';
import {fakeIo} from '../../fakes/io.ts';
import {folderWith} from '../../fixtures/folder.ts';
import {denseFolder, hfFolder, nemoFolder} from '../../fixtures/tiny-families.ts';

async function mistral(...argv: string[]) {
  const io = fakeIo();
  return {code: await run('mistral', argv, io), out: io.out(), err: io.err()};
}

async function converted(...flags: string[]) {
  const folder = folderWith(denseFolder());
  const file = join(folder, 'm.gguf');
  await mistral('convert', folder, '--out', file, '--workers', '0', ...flags);
  return {folder, file};
}

test.each(['Q8_0', 'BF16', 'F32'])('a %s file is as its source', async (quant) => {
  const {folder, file} = await converted('--quant', quant);
  const result = await mistral('verify', file, folder, '--workers', '0', '--json');
  expect(result).toMatchObject({code: 0, err: `${file} holds 21 tensors, all as in ${folder}\n`});
  expect(JSON.parse(result.out)).toEqual({path: file, tensors: 21, different: []});
});

test('the same model in the other layout has the same tensors', async () => {
  const {file} = await converted();
  expect((await mistral('verify', file, folderWith(hfFolder()), '--workers', '0')).code).toBe(0);
});

test('one changed byte is found in its tensor', async () => {
  const {folder, file} = await converted();
  const bytes = readFileSync(file);
  const tensor = readGguf(file).tensors.find(({name}) => name === 'blk.1.ffn_up.weight');
  const at = (tensor?.offset ?? 0) + 100;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(file, bytes);
  const result = await mistral('verify', file, folder, '--workers', '0');
  expect(result).toMatchObject({code: 3, err: expect.stringContaining('in 1 of 21 tensors: blk.1.ffn_up.weight')});
});

test('another model is not taken for the source', async () => {
  const {file} = await converted();
  const result = await mistral('verify', file, folderWith(nemoFolder()), '--workers', '0');
  expect(result).toMatchObject({code: 3, err: expect.stringContaining('of 21 tensors: blk.0.attn_q.weight')});
});
