import {expect, test} from 'vitest';
import {KEYS, keyHelp} from '../../../src/ui/keys/keymap.ts';
import {hangingRows} from '../../../src/ui/rows/two-columns.ts';

test('a text goes on below its own column', () => {
  expect(hangingRows(['/set NAME', 'show or change temperature, top_p and the other settings'], 12, 40)).toEqual([
    '/set NAME   show or change temperature,',
    '            top_p and the other settings',
  ]);
  expect(hangingRows(['/q', 'leave'], 12, 40)).toEqual(['/q          leave']);
});

test('a head that is too long, and a narrow terminal, put the text below', () => {
  expect(hangingRows(['/fim BEFORE [<FILL> AFTER]', 'fill in'], 12, 40)).toEqual([
    '/fim BEFORE [<FILL> AFTER]',
    '            fill in',
  ]);
  expect(hangingRows(['/set NAME', 'show or change settings'], 12, 20)).toEqual([
    '/set NAME',
    '    show or change',
    '    settings',
  ]);
});

test('the help of the keys keeps within a narrow terminal and loses no word', () => {
  const rows = keyHelp(38);
  expect(rows.filter((row) => row.length > 38)).toEqual([]);
  const words = rows.join(' ').split(/\s+/);
  for (const {help} of KEYS) expect(words).toEqual(expect.arrayContaining(help.split(' ')));
});
