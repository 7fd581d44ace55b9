import {expect, test} from 'vitest';
import {EngineLog} from '../../../src/engine/llama/engine-log.ts';

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
