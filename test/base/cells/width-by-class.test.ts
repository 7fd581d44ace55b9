import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterEach, expect, test} from 'vitest';
import {graphemes, setWidthTable, shorten, width} from '../../../src/base/cells/graphemes.ts';
import {DEFAULT_WIDTHS, isUncertain, type WidthTable} from '../../../src/base/cells/width-by-class.ts';

/** Cells that were read in real terminals, by their reports of the cursor. */
const measured = JSON.parse(readFileSync(join(import.meta.dirname, '../../goldens/terminal/widths.json'), 'utf8')) as {
  terminals: string[];
  rows: {name: string; text: string; cells: number[]}[];
};

afterEach(() => setWidthTable(DEFAULT_WIDTHS));

/** Names of the classes that `widths` has wrong in a terminal. */
function wrongIn(terminal: string, widths: Partial<WidthTable> = {}): string[] {
  setWidthTable({...DEFAULT_WIDTHS, ...widths});
  const index = measured.terminals.indexOf(terminal);
  expect(index).toBeGreaterThanOrEqual(0);
  return measured.rows.filter(({text, cells}) => width(text) !== cells[index]).map(({name}) => name);
}

test.each<[string, string[]]>([
  ['xterm 379', ['shaking face (Unicode 15)']],
  ['foot 1.13.1', ['shaking face (Unicode 15)']],
  ['rxvt-unicode 9.30', ['shaking face (Unicode 15)']],
  ['st 0.9', ['shaking face (Unicode 15)']],
  ['VTE 0.70.6', []],
  ['Alacritty 0.11.0', []],
  ['tmux 3.3a', ['shaking face (Unicode 15)', 'ZWJ family of 3']],
])('the default widths in %s', (terminal, wrong) => {
  expect(wrongIn(terminal)).toEqual(wrong);
});

test.each<[string, Partial<WidthTable>, string[]]>([
  ['xterm 379', {newEmoji: 1}, []],
  ['foot 1.13.1', {newEmoji: 0}, []],
  ['tmux 3.3a', {newEmoji: 0, joinerMerges: true}, []],
  ['kitty 0.26.5', {vowelSign: 0, selectorWidens: true, skinTone: 0, jamo: 1}, []],
  ['ghostty-web 0.4, mode 2027 off', {flag: 4}, ['trigram (wide since Unicode 16)']],
])('the widths of %s with what it has of its own', (terminal, widths, wrong) => {
  expect(wrongIn(terminal, widths)).toEqual(wrong);
});

test.each<[string, string, number]>([
  ['Thai, a tone mark between consonant and SARA AM', 'น้ำ', 2],
  ['Lao SARA AM', 'ນຳ', 2],
  ['a Thai sentence', 'น้ำทำกำลังสำคัญคำนำ', 16],
  ['a Hindi word of two syllables with vowel signs', 'हिन्दी', 5],
  ['keycap', '1️⃣', 1],
  ['Hangul syllable by its parts', '\u1112\u1161\u11ab', 2],
  ['soft hyphen', 'a\u00adb', 3],
  ['accents', 'e\u0301ñ', 2],
  ['control characters', 'a\x07b\x9fc', 3],
  ['styles and a link', '\x1b[1;36mab\x1b[0m\x1b]8;;https://a.b\x1b\\日\x1b]8;;\x1b\\', 4],
])('%s', (_, text, cells) => {
  expect(width(text)).toBe(cells);
});

test.each<[keyof WidthTable, number | boolean, string, number]>([
  ['saraAm', 0, 'น้ำ', 1],
  ['vowelSign', 0, 'हि', 1],
  ['conjunctAdds', false, 'न्द', 1],
  ['jamo', 1, '\u1112\u1161\u11ab', 4],
  ['selectorWidens', true, '❤️', 2],
  ['selectorWidens', true, '😀︎', 1],
  ['selectorWidens', true, '1️⃣', 2],
  ['skinTone', 0, '👍🏽', 2],
  ['joinerMerges', true, '👨‍👩‍👧', 2],
  ['flag', 4, '🇫🇷', 4],
  ['ambiguous', 2, 'α', 2],
  ['ambiguous', 2, '§', 2],
  ['newEmoji', 0, '🫨', 0],
])('a terminal whose %s is %s', (name, value, text, cells) => {
  setWidthTable({...DEFAULT_WIDTHS, [name]: value});
  expect(width(text)).toBe(cells);
});

test('a cluster stays the unit: a cut never leaves a mark without its letter', () => {
  expect(graphemes('น้ำ')).toEqual(['น้ำ']);
  expect(shorten('กำกำกำ', 5)).toBe('กำกำ…');
  setWidthTable({...DEFAULT_WIDTHS, saraAm: 0});
  expect(shorten('กำกำกำ', 5)).toBe('กำกำกำ');
});

test('every measured class in which terminals differ is uncertain', () => {
  const certain = measured.rows.filter(({text}) => !isUncertain(text));
  const differing = certain.filter(({cells}) => new Set(cells).size > 1).map(({name}) => name);
  expect(differing).toEqual([]);
  expect(certain.map(({name}) => name)).toContain('Han');
});
