import {expect, test} from 'vitest';
import {tintFor} from '../../../src/ui/rows/tint.ts';

test.each([
  ['000000', '48;2;15;15;15'],
  ['ffffff', '48;2;240;240;240'],
  ['1e1e2e', '48;2;44;44;59'],
  ['000', '48;2;15;15;15'],
  ['ffffffffffff', '48;2;240;240;240'],
  ['1e1e1e1e2e2e', '48;2;44;44;59'],
  // Linear values count: 0.5 in sRGB is 0.21, light.
  ['808080', '48;2;120;120;120'],
  ['707070', '48;2;121;121;121'],
])('beside the background %s it is %s', (rgb, style) => {
  expect(tintFor(rgb)).toBe(style);
});

test.each(['', 'ff', 'zzzzzz', 'fffffffffffffff', '12345'])('%j is no colour', (rgb) => {
  expect(tintFor(rgb)).toBeUndefined();
});
