import {expect, test} from 'vitest';
import {press} from '../../../src/ui/keys/event.ts';
import {actionOf, KEYS, keyHelp} from '../../../src/ui/keys/keymap.ts';

test('no key means two things', () => {
  const keys = KEYS.flatMap((binding) => binding.keys);
  expect(new Set(keys).size).toBe(keys.length);
});

test('every key of the table is found by its event', () => {
  for (const {keys, action} of KEYS) {
    for (const key of keys) {
      const name = key.replace(/^(ctrl\+)?(alt\+)?(shift\+)?/, '');
      const modifiers = {ctrl: key.startsWith('ctrl+'), alt: key.includes('alt+'), shift: key.includes('shift+')};
      expect(actionOf(press(name, modifiers)), key).toBe(action);
    }
  }
});

test('a key that is not in the table does nothing', () => {
  expect(actionOf(press('q', {ctrl: true}))).toBeUndefined();
});

test('the help has a row for every binding', () => {
  expect(keyHelp(120)).toHaveLength(KEYS.length);
  expect(keyHelp(120)[1]).toMatch(/^Alt\+Enter, Shift\+Enter +new line$/);
});
