import {expect, test} from 'vitest';
import {CATALOGUE, findEntry} from '../../../../src/engine/models/catalogue/catalogue.ts';
import {parseSource} from '../../../../src/engine/models/catalogue/pull-source.ts';

test('names are unique and md5 sums are sums', () => {
  const names = CATALOGUE.flatMap(({id, aliases}) => [id, ...aliases]);
  expect(new Set(names).size).toBe(names.length);
  for (const {tar} of CATALOGUE) for (const sum of tar?.md5 ?? []) expect(sum).toMatch(/^[0-9a-f]{32}$/);
});

test('either published sum of Codestral is right', () => {
  expect(findEntry('Codestral')?.tar?.md5).toEqual([
    '1ea95d474a1d374b1d1b20a8e0159de3',
    'a5661f2f6c6ee4d6820a2f68db934c5d',
  ]);
});

test.each<[string, object]>([
  ['nemo', {kind: 'hub', repo: 'bartowski/Mistral-Nemo-Instruct-2407-GGUF', want: undefined}],
  ['nemo:Q5_K_M', {kind: 'hub', want: 'Q5_K_M'}],
  ['7b:original', {kind: 'tar', name: 'mistral-7b', md5: ['80b71fcb6416085bcb4efad86dfb4d52']}],
  ['hf:a/b', {kind: 'hub', repo: 'a/b', want: undefined}],
  ['a/b:Q8_0', {kind: 'hub', repo: 'a/b', want: 'Q8_0'}],
  ['hf:a/b@v1.0', {kind: 'hub', repo: 'a/b', revision: 'v1.0', want: undefined}],
  ['a/b@refs/pr/7:Q8_0', {kind: 'hub', repo: 'a/b', revision: 'refs/pr/7', want: 'Q8_0'}],
  ['hf:a/b@feature/x-1:original', {kind: 'hub', repo: 'a/b', revision: 'feature/x-1', want: 'original'}],
  ['https://x.org/d/m.gguf', {kind: 'url', url: 'https://x.org/d/m.gguf'}],
  ['https://x.org/m.tar', {kind: 'tar', name: 'm', md5: []}],
])('%s means', (text, expected) => {
  expect(parseSource(text)).toMatchObject(expected);
});

// A revision becomes a path below refs.
const LEADING_OUT = [
  '..',
  '../main',
  'a/../../b',
  '/etc',
  'a//b',
  'a/',
  '.',
  '.hidden',
  'a/.b',
  'a\\b',
  'a b',
  'a\nb',
  'a\x1b[2J',
];

test.each(['', 'what is this', 'https://x.org/', 'hf:a/b@', ...LEADING_OUT.map((revision) => `hf:a/b@${revision}`)])(
  '%j is refused',
  (text) => {
    expect(() => parseSource(text)).toThrow();
  },
);
