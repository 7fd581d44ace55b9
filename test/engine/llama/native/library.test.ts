import {platform} from 'node:os';
import {expect, test} from 'vitest';
import {EngineLog, loadLibrary} from '../../../../src/engine/llama/native/library.ts';

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

test('the log keeps its newest 200 lines, without empty ones', () => {
  const log = new EngineLog();
  log.add('info', 'a\n\n  \nb');
  expect(log.lines()).toEqual(['a', 'b']);
  for (let n = 0; n < 199; n++) log.add('info', `line ${n}`);
  expect(log.lines()).toHaveLength(200);
  expect(log.lines()[0]).toBe('b');
  log.add('info', 'the last');
  expect(log.lines()[0]).toBe('line 0');
  expect(log.lines().at(-1)).toBe('the last');
  log.clear();
  expect(log.lines()).toEqual([]);
});

test('listeners get every message until they leave', () => {
  const log = new EngineLog();
  const heard: string[] = [];
  const leave = log.listen((level, message) => heard.push(`${level}: ${message}`));
  log.add('warn', 'a\nb');
  leave();
  log.add('warn', 'c');
  expect(heard).toEqual(['warn: a\nb']);
});
