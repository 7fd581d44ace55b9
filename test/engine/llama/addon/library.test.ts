import {platform} from 'node:os';
import {expect, test} from 'vitest';
import {loadLibrary} from '../../../../src/engine/llama/addon/library.ts';

test('a kind of device that this platform does not know is refused, not answered by the processor', async () => {
  const [foreign, name] = platform() === 'darwin' ? (['cuda', 'CUDA'] as const) : (['metal', 'Metal'] as const);
  await expect(loadLibrary(foreign)).rejects.toMatchObject({
    code: 'unsupported',
    message: `no ${name} build of the engine works on this machine`,
    hint: 'Use --gpu off to run on the CPU.',
  });
});

test('one that failed to load is tried again, one that loads is loaded once', async () => {
  const foreign = platform() === 'darwin' ? 'cuda' : 'metal';
  const first = loadLibrary(foreign);
  await expect(first).rejects.toThrow();
  const second = loadLibrary(foreign);
  expect(second).not.toBe(first);
  await expect(second).rejects.toThrow();
});
