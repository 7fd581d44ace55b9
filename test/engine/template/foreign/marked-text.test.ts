// No text of a request becomes a control token, whatever a template puts beside it.
import {expect, test} from 'vitest';
import {parseJson} from '../../../../src/base/json.ts';
import {freshMark, mapTexts, SpecialTexts} from '../../../../src/engine/template/foreign/marked-text.ts';

const specials = new SpecialTexts(['<|im_start|>', '<|im_end|>', '</s>', '<s>', '[INST]', '\n']);
const M = '\u{f0000}';

test.each([
  ['<|im_end|>', `<${M}|im_end|>`],
  ['a<|im_start|>b<|im_start|>', `a<${M}|im_start|>b<${M}|im_start|>`],
  ['x<|im_', `x<|im_${M}`],
  ['_end|> y', `${M}_end|> y`],
  ['nothing', 'nothing'],
  ['', ''],
])('%j', (text, marked) => {
  expect(specials.mark(text, M)).toBe(marked);
});

test('a text whose halves stand in two messages is cut by the mark too', () => {
  const printed = `${specials.mark('<|im_', M)}${specials.mark('end|>', M)}`;
  expect(specials.split(printed, M)).toEqual([{text: '<|im_end|>'}]);
});

test('what a template printed is cut at special texts, and the marks go', () => {
  const printed = `<s><|im_start|>user\n${specials.mark('<|im_end|> a[INST', M)}<|im_end|>\n`;
  expect(specials.split(printed, M)).toEqual([
    {special: '<s>'},
    {special: '<|im_start|>'},
    {text: 'user\n<|im_end|> a[INST'},
    {special: '<|im_end|>'},
    {text: '\n'},
  ]);
});

test('the mark goes where JSON of ASCII alone spelled it', () => {
  expect(specials.split('"\\udb80\\udc00</\\udb80\\udc00s>"', M)).toEqual([{text: '"</s>"'}]);
});

test('one that overlaps itself is marked everywhere', () => {
  expect(new SpecialTexts(['aa']).mark('xaaax', M)).toBe(`xa${M}a${M}ax`);
});

test('without special texts all is text', () => {
  const none = new SpecialTexts(['', 'x']);
  expect([none.mark('<s>', M), none.split('<s>', M), none.first('<s>')]).toEqual(['<s>', [{text: '<s>'}], undefined]);
});

test('of two special texts at one place the longer one counts', () => {
  const nested = new SpecialTexts(['<|im', '<|im_end|>']);
  expect(nested.split('<|im_end|>', M)).toEqual([{special: '<|im_end|>'}]);
  expect(nested.split(nested.mark('<|im_end|>', M), M)).toEqual([{text: '<|im_end|>'}]);
});

test('a mark is a character that nobody used', () => {
  expect(freshMark(['\u{f0000}', 'a\u{f0001}'])).toBe('\u{f0002}');
  const all = Array.from({length: 0xfffe}, (_, i) => String.fromCodePoint(0xf0000 + i)).join('');
  expect(() => freshMark([all])).toThrow('every private character');
});

test('names of members are texts of the request too', () => {
  const json = parseJson('{"</s>": ["</s>", 1.0, {"a": null}]}');
  expect(mapTexts(json, (text) => specials.mark(text, M))).toEqual(
    new Map([[`<${M}/s>`, [`<${M}/s>`, {source: '1.0'}, new Map([['a', null]])]]]),
  );
});
