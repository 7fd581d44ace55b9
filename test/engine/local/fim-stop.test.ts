import {expect, test} from 'vitest';
import {suffixStop} from '../../../src/engine/local/fim-stop.ts';

test.each([
  ['    return sum', '    return sum'],
  ['\n    return sum\n}\n', '\n    return sum'],
  ['\r\n  return 1;\r\n', '\r\n  return 1;'],
  [')\n\nprint(add(1, 2))\nmore', ')\n\nprint(add(1, 2))'],
  ['}\n}\n', undefined],
  ['', undefined],
  ['\n\n', undefined],
])('%j ends the middle at %j', (suffix, stop) => {
  expect(suffixStop(suffix)).toBe(stop);
});
