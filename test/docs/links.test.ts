// The pages link to files, headings and each other: no link is dead, and the index names every page.
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {posix} from 'node:path';
import {expect, test} from 'vitest';

const FOLDERS = ['docs', 'bench', 'models', 'deploy', 'examples', '.github'];

const pages = [
  ...readdirSync('.'),
  ...FOLDERS.flatMap((folder) =>
    readdirSync(folder, {recursive: true, encoding: 'utf8'})
      .filter((name) => !name.includes('node_modules'))
      .map((name) => posix.join(folder, name)),
  ),
].filter((name) => name.endsWith('.md'));

/** The page without its code, which is no text: neither a heading nor a link in it is one. */
const prose = (page: string) => readFileSync(page, 'utf8').replaceAll(/^```[\s\S]*?^```/gm, '');

/** The anchors GitHub makes of the headings: small letters, spaces as hyphens, the rest of the punctuation gone. */
function anchors(page: string): Set<string> {
  const found = new Set<string>();
  for (const [, heading = ''] of prose(page).matchAll(/^#+ (.+)$/gm)) {
    const plain = heading.toLowerCase().replaceAll(/[^\p{L}\p{N}\s_-]/gu, '');
    const anchor = plain.trim().replaceAll(' ', '-');
    let name = anchor;
    for (let count = 1; found.has(name); count += 1) name = `${anchor}-${count}`;
    found.add(name);
  }
  return found;
}

test.each(pages)('the links of %s lead to something', (page) => {
  const dead = [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^(https?|mailto):/.test(target))
    .filter((target) => {
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? page : posix.join(posix.dirname(page), path);
      return !existsSync(file) || (anchor !== undefined && !anchors(file).has(anchor));
    });
  expect(dead).toEqual([]);
});

test('the index names every page, and each is a guide, a reference or about design', () => {
  const inDocs = pages.filter((page) => page.startsWith('docs/') && page !== 'docs/README.md');
  expect(inDocs.filter((page) => !/^docs\/(guide|reference|design)\/[\w-]+\.md$/.test(page))).toEqual([]);
  const named = [...prose('docs/README.md').matchAll(/\]\(([^)#\s]+)\)/g)].map(([, target]) => `docs/${target}`);
  expect(inDocs.filter((page) => !named.includes(page))).toEqual([]);
});
