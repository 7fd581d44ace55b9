// docs/reference/promises.md is true as far as tests tell: each of its rows names one, by file and title.
import {readFileSync} from 'node:fs';
import {expect, test} from 'vitest';

const page = readFileSync('docs/reference/promises.md', 'utf8').replaceAll(/\s+/g, ' ');
const NAMED = /`(test\/[\w./-]+\.test\.tsx?)` "([^"]+)"/g;

test('every test that is named is there', () => {
  const named = [...page.matchAll(NAMED)].map(([, file = '', title = '']) => ({file, title}));
  expect(named.length).toBeGreaterThan(30);
  const quotes = ["'", '"', '`'];
  const lost = named.filter(({file, title}) => {
    const source = readFileSync(file, 'utf8');
    return !quotes.some((quote) => source.includes(`${quote}${title}${quote}`));
  });
  expect(lost).toEqual([]);
});

test('no row is without a test', () => {
  const rows = readFileSync('docs/reference/promises.md', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.endsWith('| held by |') && !line.startsWith('| what |'));
  expect(rows.filter((row) => ![...row.matchAll(NAMED)].length)).toEqual([]);
});
