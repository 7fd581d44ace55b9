// Renderings of earlier runs: the same texts without a thread, and nothing that outlives the rules it was made by.
import {createHash} from 'node:crypto';
import {mkdtempSync, readdirSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, expect, test, vi} from 'vitest';
import {KeptResults} from '../../../../src/base/files/kept-results.ts';
import {fromPlain, type JsonObject} from '../../../../src/base/json.ts';
import {RENDERING_RULES, renderKept} from '../../../../src/engine/template/jinja/kept-renderings.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kept-renderings-'));
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, {recursive: true, force: true});
});

const input = (plain: unknown) => fromPlain(plain) as JsonObject;

/** A folder of results that tells what it was asked for, and answers with one text where it is given one. */
class Watched extends KeptResults {
  readonly keys: string[] = [];
  readonly #answer: string | undefined;

  constructor(answer?: string) {
    super(folder);
    this.#answer = answer;
  }

  override get(key: string): string | undefined {
    this.keys.push(key);
    return this.#answer ?? super.get(key);
  }
}

test('a second run takes what the first one printed, refusals too', () => {
  const template = '{% if x == 2 %}{{ raise_exception("no") }}{% endif %}{{ x }}';
  const inputs = [input({x: 1}), input({x: 2})];
  const first = renderKept(template, inputs, new KeptResults(folder));
  expect(first).toEqual([{text: '1'}, {fault: 'raised', message: 'no'}]);
  const kept = JSON.stringify([{text: 'kept'}, {fault: 'raised', message: 'kept'}]);
  expect(renderKept(template, inputs, new Watched(kept))).toEqual(JSON.parse(kept));
  expect(renderKept(template, inputs, new KeptResults(folder))).toEqual(first);
  expect(readdirSync(folder)).toHaveLength(1);
});

test('another template, another conversation and another day have their own', () => {
  const watched = new Watched();
  renderKept('a', [input({})], watched);
  renderKept('b', [input({})], watched);
  renderKept('a', [input({x: 1})], watched);
  vi.useFakeTimers({now: new Date(2026, 3, 1, 12), toFake: ['Date']});
  renderKept('{{ strftime_now("%d") }}', [input({})], watched);
  vi.setSystemTime(new Date(2026, 3, 2, 12));
  expect(renderKept('{{ strftime_now("%d") }}', [input({})], watched)).toEqual([{text: expect.any(String)}]);
  expect(new Set(watched.keys).size).toBe(5);
  expect(watched.keys.every((key) => key.startsWith(`${RENDERING_RULES}\0`))).toBe(true);
});

test.each([
  '',
  '{',
  '{}',
  '[]',
  '[{"text": 1}]',
  '[{"fault": "other", "message": ""}]',
  '[null]',
  '[{"text":""},{"text":""}]',
])('what is no list of so many renderings is passed over: %s', (text) => {
  expect(renderKept('a', [input({})], new Watched(text))).toEqual([{text: 'a'}]);
});

test('what did not end in time is not kept: another time the machine is less busy', () => {
  const loop = '{% for i in range(90000) %}{% for j in range(90000) %}{% endfor %}{% endfor %}';
  expect(renderKept(loop, [input({})], new KeptResults(folder))).toEqual([
    {fault: 'late', message: 'it did not end within 1 s'},
  ]);
  expect(readdirSync(folder)).toEqual([]);
});

test('the rules are those of the files that render: write the digest that is told here into RENDERING_RULES', () => {
  const jinja = new URL('../../../../src/engine/template/jinja/', import.meta.url);
  const hash = createHash('sha256');
  for (const name of readdirSync(jinja).sort()) {
    if (name !== 'kept-renderings.ts') hash.update(`${name}\n${readFileSync(new URL(name, jinja), 'utf8')}`);
  }
  const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {packages: Record<string, {version: string}>};
  hash.update(lock.packages['node_modules/@huggingface/jinja']?.version ?? '');
  expect(RENDERING_RULES).toBe(hash.digest('hex').slice(0, 16));
});
