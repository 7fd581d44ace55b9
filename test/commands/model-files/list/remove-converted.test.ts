// `mistral rm` of a converted model: that quantisation, and its folder with the last one.
import {existsSync, readdirSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {run} from '../../../../src/commands/program.ts';
import {fakeIo} from '../../../fakes/io.ts';
import {folderWith} from '../../../fixtures/folder.ts';
import {randomModel, TINY_SHAPE} from '../../../fixtures/random-model.ts';

test('other quantisations of the same folder stay; with the last one goes what lies beside it', async () => {
  const model = randomModel(TINY_SHAPE);
  const cache = folderWith({
    'mistral-chat/models/tuned-1234/tuned-Q8_0.gguf': model,
    'mistral-chat/models/tuned-1234/tuned-Q4_K_M.gguf': model,
    'mistral-chat/models/tuned-1234/tokenizer.json': '{}',
    'mistral-chat/models/tuned-1234/tuned-Q6_K.gguf.99999.part': 'half',
  });
  const folder = join(cache, 'mistral-chat/models/tuned-1234');
  const remove = async (name: string) => {
    const io = fakeIo('', {XDG_CACHE_HOME: cache, HOME: cache});
    expect(await run('mistral', ['rm', name, '--yes'], io), io.err()).toBe(0);
    return io.err();
  };
  expect(await remove('tuned-Q8_0.gguf')).toBe(`deleted ${join(folder, 'tuned-Q8_0.gguf')}\n`);
  expect(readdirSync(folder).sort()).toEqual(['tokenizer.json', 'tuned-Q4_K_M.gguf', 'tuned-Q6_K.gguf.99999.part']);
  await remove('tuned-Q4_K_M.gguf');
  expect(existsSync(folder)).toBe(false);
});
