// The tables of what changed between releases of mistral-common: how one is made, and that the page belongs to this tree.
import {readFileSync} from 'node:fs';
import {describe, expect, test} from 'vitest';
import {
  type Asked,
  fingerprintOf,
  isOlder,
  PROVED_RELEASE,
  sectionOf,
  staleness,
  withSection,
} from './release-changes.ts';

const ids = (...tokens: number[]) => ({tokens});
const asked: readonly Asked[] = [
  {family: 'settings', name: 'a', vocabulary: 'v15', before: ids(1), after: ids(1)},
  {family: 'settings', name: 'b', vocabulary: 'v15', before: {error: 'ValidationError'}, after: ids(1, 2)},
  {family: 'settings', name: 'c', vocabulary: 'v15', before: ids(1), after: ids(2)},
  {family: 'call_ids', name: 'd', vocabulary: 'v3', before: ids(1), after: {error: 'InvalidRequestException'}},
  {family: 'chunks', name: 'e', vocabulary: 'v3', before: {error: 'A'}, after: {error: 'A'}},
];

test('a section has a row for each family that changed, and what became of the answers', () => {
  expect(sectionOf('1.12.0', '1.13.1', 'abc', asked)).toBe(`## 1.12.0 → 1.13.1

5 requests of \`test/goldens/requests-1.13.1.json\` (abc), of which 3 are answered otherwise.

| family | requests | other ids | refused now | encoded now | other class |
|---|---|---|---|---|---|
| settings | 3 | 1 | 0 | 1 | 0 |
| call_ids | 1 | 0 | 1 | 0 | 0 |

| answer of 1.12.0 → 1.13.1 | requests |
|---|---|
| \`ValidationError\` → ids | 1 |
| ids → \`InvalidRequestException\` | 1 |
| ids → ids | 1 |
`);
});

test('releases are ordered by their numbers', () => {
  expect(isOlder('1.9.1', '1.13.1')).toBe(true);
  expect(isOlder('1.13.1', '1.13.1')).toBe(false);
  expect(isOlder('2.0', '1.13.1')).toBe(false);
  expect(isOlder('1.13', '1.13.1')).toBe(true);
});

test('a section takes the place of the one of the same releases, and a new one comes first', () => {
  const page = '# Page\n\nWords.\n\n## 1 → 2\n\nold\n';
  expect(withSection(page, '## 1 → 2\n\nnew\n')).toBe('# Page\n\nWords.\n\n## 1 → 2\n\nnew\n');
  expect(withSection(page, '## 2 → 3\n\nnew\n')).toBe('# Page\n\nWords.\n\n## 2 → 3\n\nnew\n\n## 1 → 2\n\nold\n');
});

describe('a page is stale', () => {
  const page = '# Page\n\n## 1.2 → 1.3\n\n5 requests (abc)\n\n## 1.1 → 1.2\n\n4 requests (old)\n';

  test('where no table leads to the proved release', () => {
    expect(staleness(page, '1.4', 'abc')).toMatch(/^no table leads to 1\.4: run "npm run docs:changes"/);
  });

  test('where its table was made of other requests', () => {
    expect(staleness(page, '1.3', 'def')).toMatch(/^the table 1\.2 → 1\.3 was made of other requests than today's/);
  });

  test('and not for tables of releases before', () => {
    expect(staleness(page, '1.3', 'abc')).toBeUndefined();
  });
});

test('docs/design/mistral-common-releases.md is of the proved release and of the requests of this tree', () => {
  const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
  const fingerprint = fingerprintOf(read('../goldens/requests-1.13.1.json'));
  expect(staleness(read('../../docs/design/mistral-common-releases.md'), PROVED_RELEASE, fingerprint)).toBeUndefined();
});
