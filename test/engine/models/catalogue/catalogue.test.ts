import {readFileSync} from 'node:fs';
import {expect, test} from 'vitest';
import {
  BY_MEMORY,
  CATALOGUE,
  catalogueName,
  estimatedBytes,
} from '../../../../src/engine/models/catalogue/catalogue.ts';
import {type CatalogueEntry, licenseTitle} from '../../../../src/engine/models/catalogue/entry.ts';
import {parseSource} from '../../../../src/engine/models/catalogue/pull-source.ts';

const MEMORY = 16e9;

/** Ids of the models a name may mean on a machine with this memory. */
const meant = (name: string, memory = MEMORY) => catalogueName(name, memory)?.entries.map(({id}) => id);

test('either published sum of Codestral is right', () => {
  expect(catalogueName('Codestral', MEMORY)?.entries[0].tar?.md5).toEqual([
    '1ea95d474a1d374b1d1b20a8e0159de3',
    'a5661f2f6c6ee4d6820a2f68db934c5d',
  ]);
});

test.each<[string, object]>([
  ['nemo', {kind: 'hub', repo: 'bartowski/Mistral-Nemo-Instruct-2407-GGUF', want: undefined}],
  ['nemo:Q5_K_M', {kind: 'hub', want: 'Q5_K_M'}],
  ['7b:original', {kind: 'tar', name: 'mistral-7b', md5: ['80b71fcb6416085bcb4efad86dfb4d52']}],
  ['7B:Original', {kind: 'tar', name: 'mistral-7b'}],
  ['devstral:original', {kind: 'hub', repo: 'mistralai/Devstral-Small-2-24B-Instruct-2512', want: 'original'}],
  ['voxtral-small', {kind: 'hub', repo: 'mistralai/Voxtral-Small-24B-2507', want: undefined}],
  [
    'devstral-2:24b',
    {kind: 'hub', repo: 'bartowski/mistralai_Devstral-Small-2-24B-Instruct-2512-GGUF', want: undefined},
  ],
  ['devstral-2:24b:Q4_0', {kind: 'hub', want: 'Q4_0'}],
  ['hf:a/b', {kind: 'hub', repo: 'a/b', want: undefined}],
  ['a/b:Q8_0', {kind: 'hub', repo: 'a/b', want: 'Q8_0'}],
  ['hf:a/b@v1.0', {kind: 'hub', repo: 'a/b', revision: 'v1.0', want: undefined}],
  ['a/b@refs/pr/7:Q8_0', {kind: 'hub', repo: 'a/b', revision: 'refs/pr/7', want: 'Q8_0'}],
  ['hf:a/b@feature/x-1:original', {kind: 'hub', repo: 'a/b', revision: 'feature/x-1', want: 'original'}],
  ['https://x.org/d/m.gguf', {kind: 'url', url: 'https://x.org/d/m.gguf'}],
  ['https://x.org/m.tar', {kind: 'tar', name: 'm', md5: []}],
])('%s means', (text, expected) => {
  expect(parseSource(text, {memory: MEMORY})).toMatchObject(expected);
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
    expect(() => parseSource(text, {memory: MEMORY})).toThrow();
  },
);

test('short names mean the models of today, and small what the memory holds', () => {
  expect(meant('devstral')).toEqual(['devstral-small-2']);
  expect(meant('large')).toEqual(['mistral-large-3']);
  expect(meant('LARGE-2407')).toEqual(['mistral-large-2']);
  expect(meant('medium')).toEqual(['mistral-medium-3.5']);
  expect(meant('ministral-3:14b')).toEqual(['ministral-14b']);
  for (const name of ['small', 'mistral-small', 'Small:Q4_K_M']) {
    expect(meant(name, 69e9)).toEqual(['mistral-small-3.2', 'mistral-small-4']);
    expect(meant(name, 70e9)).toEqual(['mistral-small-4', 'mistral-small-3.2']);
  }
  expect(catalogueName('small:Q4_K_M', 8e9)?.tag).toBe('Q4_K_M');
  expect(meant('nothing')).toBeUndefined();
  expect(meant('nothing:small')).toBeUndefined();
});

test('a size is reckoned from the parameters, experts counted whole', () => {
  const bytes = (id: string) => estimatedBytes(CATALOGUE.find((one) => one.id === id) as never, 'Q3_K_M');
  expect(Math.round(bytes('mistral-large-3') / 1e9)).toBe(328);
  expect(Math.round(bytes('mistral-large-4') / 1e9)).toBe(511);
  expect(Math.round(bytes('ministral-14b') / 1e8)).toBe(66);
});

/** A model's row where its form is wrong, each fault as `id: what`. */
function formFaults(): string[] {
  const names = [...CATALOGUE.flatMap(({id, aliases}) => [id, ...aliases]), ...BY_MEMORY.flatMap(({names}) => names)];
  const twice = names.filter((name, at) => names.indexOf(name) !== at).map((name) => `${name}: named twice`);
  const unnamed = BY_MEMORY.flatMap(({models}) => models.map(({id}) => id)).filter(
    (id) => !CATALOGUE.some((entry) => entry.id === id),
  );
  const repository = /^[\w.-]+\/[\w.-]+$/;
  const faults = CATALOGUE.flatMap((entry) => {
    const {id, aliases, title, parameters, context, license, hf, gguf, tar, sampling, unverified = []} = entry;
    const {temperature = 0, topP = 1} = sampling ?? {};
    const wrong: [boolean, string][] = [
      [![id, ...aliases].every((name) => /^[a-z0-9]+(?:[-.:][a-z0-9.]+)*$/.test(name)), 'a name'],
      [title.length < 5 || title.length > 60, 'title'],
      [!/^\d+(?:\.\d+)?[BT](?:-A\d+(?:\.\d+)?B)?$/.test(parameters), 'parameters'],
      [!Number.isInteger(context) || context < 8192 || context > 2 ** 21, 'context'],
      // The form of an SPDX id; another license says what a person agrees to.
      [typeof license === 'string' ? !/^[A-Z][A-Za-z0-9.+-]+$/.test(license) : license.consent.length < 20, 'license'],
      [typeof license !== 'string' && (license.title.length > 12 || license.title === ''), 'license title'],
      [!hf.startsWith('mistralai/') || !repository.test(hf), 'hf'],
      [gguf !== undefined && (!repository.test(gguf) || !/gguf$/i.test(gguf)), 'gguf'],
      [tar !== undefined && (!/^https:.*\.tar$/.test(tar.url) || tar.md5.length === 0), 'tar'],
      [tar?.md5.some((sum) => !/^[0-9a-f]{32}$/.test(sum)) === true, 'md5'],
      [temperature < 0 || temperature > 5 || topP <= 0 || topP > 1, 'sampling'],
      [new Set(unverified).size !== unverified.length, 'unverified'],
      [unverified.some((what) => entry[what] === undefined), 'unverified without a figure'],
    ];
    return wrong.flatMap(([isWrong, what]) => (isWrong ? [`${id}: ${what}`] : []));
  });
  return [...twice, ...unnamed.map((id) => `${id}: no such model`), ...faults];
}

test('every row of the catalogue has its form', () => {
  expect(formFaults()).toEqual([]);
});

test('what was not seen at its source is marked', () => {
  const marked = CATALOGUE.filter(({unverified}) => unverified !== undefined).map(({id, unverified}) => [
    id,
    unverified?.join(' '),
  ]);
  expect(Object.fromEntries(marked)).toEqual({
    'ministral-3b': 'sampling',
    'ministral-8b': 'sampling',
    'ministral-14b': 'sampling',
    'ministral-3b-reasoning': 'sampling',
    'ministral-8b-reasoning': 'license sampling',
    'ministral-14b-reasoning': 'license sampling',
    'devstral-small-2': 'systemPrompt',
    'devstral-2': 'license systemPrompt',
    'mistral-small-4': 'systemPrompt',
    'leanstral-1.5': 'context template abilities',
    'leanstral-2603': 'license context template abilities',
    'mistral-medium-3.5': 'systemPrompt',
    'mistral-large-3': 'sampling systemPrompt',
    'mistral-large-4': 'template',
    'mistral-small-3.2': 'sampling',
    'voxtral-mini': 'gguf sampling',
    'voxtral-small': 'sampling',
    'mistral-large-2': 'sampling',
    'mistral-large-2411': 'sampling systemPrompt',
  });
});

/** A model as docs/reference/catalogue.md shows it; a star stands behind what was not seen. */
function pageRow({
  id,
  aliases,
  title,
  context,
  license,
  template,
  abilities,
  unverified = [],
  ...entry
}: CatalogueEntry) {
  const star = (text: string, ...of: readonly string[]) =>
    unverified.some((one) => of.includes(one)) ? `${text}*` : text;
  const {temperature, topP} = entry.sampling ?? {};
  const sampling =
    temperature === undefined ? '' : star([temperature, ...(topP ? [topP] : [])].join(' / '), 'sampling');
  const cells = [
    [id, ...aliases].join(', '),
    title,
    star(licenseTitle(license), 'license'),
    star(`${context / 1024}k`, 'context'),
    star(template ?? '', 'template'),
    star(abilities.join(', '), 'abilities'),
    sampling,
  ];
  return `| ${cells.join(' | ')} |`;
}

test('the page about models has the rows of the catalogue', () => {
  const page = readFileSync('docs/reference/catalogue.md', 'utf8');
  const rows = CATALOGUE.map(pageRow);
  expect(rows.filter((row) => !page.includes(`${row}\n`))).toEqual([]);
});
