import {existsSync, linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, expect, test} from 'vitest';
import {ResultsFile} from '../../../src/commands/batch/results-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'results-'));
afterAll(() => rmSync(folder, {recursive: true}));

let files = 0;
function fileOf(text?: string): string {
  const path = join(folder, `${files++}.jsonl`);
  if (text !== undefined) writeFileSync(path, text);
  return path;
}

const open = (path: string, how: {resume?: boolean; force?: boolean} = {}) =>
  ResultsFile.open({path, name: 'out.jsonl'}, {resume: false, force: false, ...how});

const record = (index: number, id: string, input = '00000000') =>
  `{"index": ${index}, "id": "${id}", "input": "${input}", "content": "x"}`;
const FAILED = '{"index": 9, "id": "f", "input": "00000000", "error": {"code": "internal", "message": "x"}}';
const OPENAI =
  '{"id": "batch_req_0", "custom_id": "o", "index": 4, "input": "22222222", "response": {"status_code": 200}, "error": null}';

test('records are added, and what was answered is found again', async () => {
  const path = fileOf();
  const first = await open(path);
  await first.begin();
  first.append(record(0, 'a', '11111111'), {key: 'id "a"', index: 0});
  first.append(OPENAI, {key: 'id "o"', index: 4});
  first.append('{"index": 5, "input": "33333333", "content": ""}', {key: '#5', index: 5});
  await first.finish({ordered: false});
  first.close();
  const again = await open(path, {resume: true});
  expect(['id "a"', 'id "o"', '#5', 'id "b"'].map((key) => again.answered(key))).toEqual([
    '11111111',
    '22222222',
    '33333333',
    undefined,
  ]);
  again.close();
  expect(existsSync(`${path}.lock`)).toBe(false);
});

test.each([
  ['a record cut in the middle', `${record(0, 'a')}\n${record(1, 'b').slice(0, 30)}`],
  ['one of which hardly anything is there', `${record(0, 'a')}\n{"`],
  ['an error', `${FAILED}\n${record(0, 'a')}\n`],
  ['an earlier record of the same line', `${record(0, 'a', 'ffffffff')}\n${record(0, 'a')}\n`],
])('%s does not count when a file is gone on with', async (_what, text) => {
  const path = fileOf(text);
  const results = await open(path, {resume: true});
  expect(readFileSync(path, 'utf8')).toBe(text);
  await results.begin();
  expect(readFileSync(path, 'utf8')).toBe(`${record(0, 'a')}\n`);
  results.append(record(1, 'b'), {key: 'id "b"', index: 1});
  await results.finish({ordered: false});
  results.close();
  expect(readFileSync(path, 'utf8')).toBe(`${record(0, 'a')}\n${record(1, 'b')}\n`);
});

test('the record of a line that has changed is replaced, and the order is that of the lines where it is asked for', async () => {
  const path = fileOf(`${record(2, 'c')}\n${record(0, 'a', 'ffffffff')}\n`);
  const results = await open(path, {resume: true});
  await results.begin();
  results.append(record(1, 'b'), {key: 'id "b"', index: 1});
  results.append(record(0, 'a'), {key: 'id "a"', index: 0});
  results.append(FAILED, {key: undefined, index: 9});
  await results.finish({ordered: true});
  results.close();
  expect(readFileSync(path, 'utf8').split('\n')).toEqual([record(0, 'a'), record(1, 'b'), record(2, 'c'), FAILED, '']);
});

test.each([
  ['notes of mine\n', 1],
  ['notes of mine', 1],
  [`${record(0, 'a')}\n{"id": "of another program"}\n`, 2],
  [`${record(0, 'a')}\nnotes`, 2],
  ['{"index": 0, "content": "without a hash"}\n', 1],
])('a file of something else is refused and left as it is: %j', async (text, line) => {
  const path = fileOf(text);
  await expect(open(path, {resume: true})).rejects.toMatchObject({
    code: 'invalid_request',
    message: `line ${line} of out.jsonl is no record of a batch`,
  });
  expect(readFileSync(path, 'utf8')).toBe(text);
  expect(existsSync(`${path}.lock`)).toBe(false);
});

test('a file that is there is not written over without a flag, and not before the run begins', async () => {
  const path = fileOf('notes of mine\n');
  await expect(open(path)).rejects.toMatchObject({code: 'usage', message: 'out.jsonl is there already'});
  const results = await open(path, {force: true});
  expect(readFileSync(path, 'utf8')).toBe('notes of mine\n');
  await results.begin();
  results.close();
  expect(readFileSync(path, 'utf8')).toBe('');
});

test('a folder, a folder that is not there and a file that another one writes are refused', async () => {
  const path = join(folder, 'sub');
  mkdirSync(path);
  await expect(open(path, {force: true})).rejects.toMatchObject({code: 'usage', message: 'out.jsonl is a folder'});
  await expect(open(join(folder, 'none', 'a.jsonl'))).rejects.toMatchObject({code: 'io'});
  const busy = fileOf();
  const first = await open(busy);
  await expect(open(busy)).rejects.toMatchObject({code: 'model_busy'});
  first.close();
  (await open(busy)).close();
});

test('a file that is gone on with keeps its other name', async () => {
  const path = fileOf(`${record(0, 'a')}\n`);
  const other = join(folder, 'link.jsonl');
  linkSync(path, other);
  const results = await open(path, {resume: true});
  await results.begin();
  results.append(record(1, 'b'), {key: 'id "b"', index: 1});
  results.close();
  expect(readFileSync(other, 'utf8')).toBe(`${record(0, 'a')}\n${record(1, 'b')}\n`);
});
