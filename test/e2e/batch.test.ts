// `mistral batch` as it is run: lines in, records out, and every way in which a run can end and be gone on with.
import {spawn} from 'node:child_process';
import {existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {httpServer, json, sse} from '../fakes/http-server.ts';
import {randomModel, TINY_SHAPE} from '../fixtures/random-model.ts';
import {type RunOptions, runProgram} from './harness/program.ts';

const folder = mkdtempSync(join(tmpdir(), 'batch-'));
const model = join(folder, 'tiny.gguf');
const QUIET = ['--gpu', 'off', '--threads', '1'];
/** The end of the answer is forbidden: every answer has as many tokens as it may. */
const TALKS = ['--logit-bias', '2=-100'];
const ENDLESS = {logit_bias: {2: -100}, max_tokens: 100_000};

beforeAll(() => writeFileSync(model, randomModel(TINY_SHAPE)));
afterAll(() => rmSync(folder, {recursive: true}));

const batch = (args: readonly string[], options: RunOptions = {}) =>
  runProgram(
    'mistral',
    ['batch', model, ...QUIET, '--ctx', '512', '--seed', '7', '--max-tokens', '4', ...args],
    options,
  );

let files = 0;
const place = () => join(folder, `${files++}.jsonl`);
function fileOf(lines: readonly unknown[]): string {
  const path = place();
  writeFileSync(path, lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join(''));
  return path;
}

// biome-ignore lint/suspicious/noExplicitAny: tests state literally what is in there
const records = (text: string): any[] => {
  expect(text === '' || text.endsWith('\n')).toBe(true);
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
};
const recordsIn = (path: string) => records(readFileSync(path, 'utf8'));

const questions = (count: number) => Array.from({length: count}, (_, n) => ({id: `q${n}`, prompt: `Question ${n}`}));

test('each line has one record in its own form, in order where that is asked for, and some failed is 6', async () => {
  const stdin = `${[
    '{"id": "a", "prompt": "Hi"}',
    '',
    '{"custom_id": "b", "method": "POST", "url": "/v1/completions", "body": {"prompt": "Hi", "stream": true}}',
    'nonsense',
    '{"id": "a", "prompt": "Hi"}',
    '{"messages": [{"role": "user", "content": "Hi"}], "seed": 3}',
    '{"custom_id": "c", "url": "/v1/chat/completions", "body": {"messages": 1}}',
  ].join('\n')}\n`;
  const {code, stdout, stderr} = await batch([...TALKS, '--ordered', '--parallel', '2'], {stdin});
  const [a, b, c, d, e, f, ...more] = records(stdout);
  expect(a).toMatchObject({index: 0, id: 'a', finish_reason: 'length', usage: {completion_tokens: 4}, seed: 7});
  expect(Object.keys(a)).toEqual(['index', 'id', 'input', 'content', 'finish_reason', 'usage', 'seed']);
  expect(b).toMatchObject({
    id: expect.stringMatching(/^batch_req_[0-9a-f]{24}$/),
    custom_id: 'b',
    index: 2,
    response: {status_code: 200, body: {object: 'text_completion', choices: [{finish_reason: 'length'}]}},
    error: null,
  });
  expect(c).toMatchObject({index: 3, error: {code: 'invalid_request', message: expect.stringContaining('not JSON')}});
  expect(d).toMatchObject({index: 4, id: 'a', error: {message: 'another line has had this id', param: 'id'}});
  expect(e).toMatchObject({index: 5, seed: 3});
  expect(f).toMatchObject({custom_id: 'c', response: {status_code: 400}, error: {param: 'messages'}});
  expect(more).toEqual([]);
  expect([code, stderr]).toEqual([6, '0 answered, 3 failed, 3 cut\n']);
});

test('under a schema every answer of a model that says anything fits, and is there as JSON; a cut one is 6', async () => {
  const schema =
    '{"type": "object", "properties": {"n": {"enum": [5, 6]}, "b": {"type": "boolean"}}, "required": ["n", "b"]}';
  const args = ['--schema', schema, '--temperature', '2', '--max-tokens', '400'];
  const lines = [
    ...questions(6),
    {custom_id: 'o', url: '/v1/responses', body: {input: 'Hi'}},
    {custom_id: 'p', url: '/v1/completions', body: {prompt: 'Hi'}},
  ];
  const {code, stdout, stderr} = await batch(['-i', fileOf(lines), ...args, '--ordered']);
  const all = records(stdout);
  for (const {parsed, content} of all.slice(0, 6)) {
    expect([5, 6]).toContain(parsed.n);
    expect(JSON.parse(content)).toEqual(parsed);
  }
  const [{text: ofResponses}] = all[6].response.body.output[0].content;
  const [{text: ofCompletion}] = all[7].response.body.choices;
  for (const text of [ofResponses, ofCompletion]) {
    expect(JSON.parse(text)).toEqual({n: expect.toSatisfy((n) => n === 5 || n === 6), b: expect.any(Boolean)});
  }
  expect([code, stderr.split('\n').at(-2)]).toEqual([0, '8 answered, 0 failed, 0 cut']);
  const cut = await batch(['--schema', '{"type": "string", "minLength": 200}'], {stdin: '{"prompt": "Hi"}\n'});
  expect([cut.code, cut.stderr]).toEqual([6, '0 answered, 0 failed, 1 cut\n']);
  expect(records(cut.stdout)[0]).not.toHaveProperty('parsed');
});

describe('a file of results', () => {
  test('killed at any place and gone on with: nothing is lost, nothing is there twice, and errors are tried again', async () => {
    const input = fileOf(questions(40));
    const output = place();
    let kills = 0;
    for (let most = 3; ; most += 9) {
      const args = [
        'batch',
        model,
        ...QUIET,
        '--ctx',
        '512',
        '--max-tokens',
        '4',
        '-i',
        input,
        '-o',
        output,
        '--resume',
      ];
      const child = spawn(process.execPath, [join(import.meta.dirname, '../../bin/mistral.js'), ...args]);
      const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
      while (child.exitCode === null && child.signalCode === null) {
        const lines = existsSync(output) ? readFileSync(output, 'utf8').split('\n').length - 1 : 0;
        if (lines >= most && lines < 40 && child.kill('SIGKILL')) kills++;
        await sleep(1);
      }
      if ((await ended) === 0) break;
    }
    expect(kills).toBeGreaterThan(1);
    const all = recordsIn(output);
    expect(all).toHaveLength(40);
    expect(all.map(({id}) => id).sort()).toEqual(
      questions(40)
        .map(({id}) => id)
        .sort(),
    );
  });

  test('a line that has changed is answered again, in the place of its record; a record of no line stays and is told', async () => {
    const output = place();
    const first = questions(4);
    await batch(['-i', fileOf(first), '-o', output]);
    const changed = [first[0], {id: 'q1', prompt: 'Another one'}, 'nonsense', {id: 'new', prompt: 'x'}];
    const {code, stderr} = await batch([...TALKS, '-i', fileOf(changed), '-o', output, '--resume', '--ordered']);
    const all = recordsIn(output);
    expect(all.map(({id, index}) => [index, id]).sort()).toEqual(
      [
        [0, 'q0'],
        [1, 'q1'],
        [2, 'q2'],
        [2, undefined],
        [3, 'new'],
        [3, 'q3'],
      ].sort(),
    );
    expect(stderr).toBe(
      `note: 2 of the records in ${output} are of no line of the input\n0 answered, 1 failed, 2 cut, 1 answered before\n`,
    );
    expect(code).toBe(6);
    const again = await batch(['-i', fileOf(changed.slice(0, 2)), '-o', output, '--resume']);
    expect(again.stderr).toContain('0 answered, 0 failed, 0 cut, 2 answered before\n');
    expect(again.code).toBe(0);
    expect(recordsIn(output).filter(({error}) => error)).toEqual([]);
  });

  test('an interrupted run writes what it could not answer as errors, and leaves it open where it was gone on with', async () => {
    const endless = Array.from({length: 20}, (_, n) => ({id: `e${n}`, prompt: 'x', ...ENDLESS}));
    for (const [flags, ids] of [
      [[], ['q0', 'q1', 'q2', 'q3', 'interrupted', 'interrupted', 'interrupted', 'interrupted']],
      [['--resume'], ['q0', 'q1', 'q2', 'q3']],
    ] as const) {
      const output = place();
      const args = ['batch', model, ...QUIET, '--ctx', '65536', '--parallel', '2', '-o', output, '-i'];
      const input = fileOf([...questions(4).map((line) => ({...line, max_tokens: 2})), ...endless]);
      const program = join(import.meta.dirname, '../../bin/mistral.js');
      const child = spawn(process.execPath, [program, ...args, input, ...flags]);
      let stderr = '';
      child.stderr.on('data', (text) => (stderr += String(text)));
      const ended = new Promise((resolve) => child.once('close', (code, signal) => resolve(code ?? signal)));
      while (!existsSync(output) || recordsIn(output).length < 4) await sleep(20);
      await sleep(200);
      child.kill('SIGINT');
      expect(await ended).toBe('SIGINT');
      expect(
        recordsIn(output)
          .map(({id, error}) => error?.code ?? id)
          .sort(),
      ).toEqual([...ids].sort());
      expect(stderr).toContain('cut');
      expect(existsSync(`${output}.lock`)).toBe(false);
    }
  });

  test.runIf(existsSync('/dev/full'))(
    'a full disk ends the run with 3, and the file has whole records alone',
    async () => {
      const output = place();
      const {code, stderr} = await new Promise<{code: number | null; stderr: string}>((resolve) => {
        const program = join(import.meta.dirname, '../../bin/mistral.js');
        const run = `ulimit -f 4; exec "${process.execPath}" "${program}" batch "${model}" ${QUIET.join(' ')} --ctx 512 --max-tokens 4 -i "${fileOf(questions(60))}" -o "${output}"`;
        const child = spawn('bash', ['-c', run]);
        let text = '';
        child.stderr.on('data', (part) => (text += String(part)));
        child.once('close', (exit) => resolve({code: exit, stderr: text}));
      });
      expect(stderr).toContain('error: the disk is full');
      expect(code).toBe(3);
      expect(recordsIn(output).length).toBeGreaterThan(5);
      const again = await batch(['-i', fileOf(questions(60)), '-o', output, '--resume']);
      expect(again.code).toBe(0);
      expect(new Set(recordsIn(output).map(({id}) => id)).size).toBe(60);
      expect(recordsIn(output)).toHaveLength(60);
    },
  );
});

describe('what is refused', () => {
  test('before anything is loaded', async () => {
    const input = fileOf(questions(1));
    const output = fileOf([]);
    const refused = async (...args: string[]) => {
      const {code, stderr} = await runProgram('mistral', ['batch', '/nowhere.gguf', ...args]);
      return [code, stderr.split('\n')[0]];
    };
    expect(await refused('-i', input, '-o', output)).toEqual([2, `error: ${output} is there already`]);
    expect(await refused('-i', input, '-o', input, '--force')).toEqual([
      2,
      `error: -i and -o are the same file: ${input}`,
    ]);
    expect(readFileSync(input, 'utf8')).not.toBe('');
    expect(await refused('-i', folder)).toEqual([2, `error: ${folder} is a folder`]);
    expect(await refused('-i', input, '-o', folder, '--force')).toEqual([2, `error: ${folder} is a folder`]);
    expect(await refused('-i', join(folder, 'none'))).toEqual([
      1,
      `error: ${join(folder, 'none')} cannot be read: there is no such file`,
    ]);
    expect(await refused('-i', input, '--resume')).toEqual([
      2,
      'error: --resume is about the file of -o, and there is none',
    ]);
    expect((await refused('-i', input, '-o', output, '--resume', '--force'))[0]).toBe(2);
    const schema = '{"properties": {"a": {"if": {"type": "null"}, "then": false}}}';
    expect(await refused('-i', input, '--schema', schema)).toEqual([2, expect.stringContaining('/properties/a/if')]);
  });

  test('nothing that is a request is 2, and no line at all is 0', async () => {
    expect(await batch([], {stdin: 'a\nb\n'})).toMatchObject({code: 2, stderr: '0 answered, 2 failed, 0 cut\n'});
    expect(await batch([], {stdin: '\n'})).toMatchObject({code: 0, stderr: '0 answered, 0 failed, 0 cut\n'});
  });

  test('a line of 100 MB is an error of its line', async () => {
    const stdin = `{"prompt": "${'x'.repeat(100e6)}"}\n{"prompt": "Hi"}\n`;
    const {code, stdout} = await batch([...TALKS, '--ordered'], {stdin});
    expect(records(stdout)).toMatchObject([
      {index: 0, error: {code: 'context_length_exceeded'}},
      {index: 1, finish_reason: 'length'},
    ]);
    expect(code).toBe(6);
  });
});

test('a pipe without an end is answered as it comes', async () => {
  const {stdout} = await batch(TALKS, {
    stdin: '{"prompt": "Hi"}\n',
    keepOpen: true,
    onOutput: (out, _err, child) => {
      if (out.endsWith('\n')) child.kill('SIGTERM');
    },
  });
  expect(records(stdout)).toMatchObject([{index: 0, finish_reason: 'length'}]);
});

test('a server that dies in the middle ends the run with 5, and a later run has the rest', async () => {
  let left = 5;
  const {url} = await httpServer((asked, response) => {
    if (asked.path.endsWith('/models')) return json(response, {object: 'list', data: [{id: 'm', object: 'model'}]});
    if (left-- === 0) return process.nextTick(() => response.socket?.destroy());
    const choice = (delta: object, reason: string | null) => ({choices: [{index: 0, delta, finish_reason: reason}]});
    return left < 0
      ? response.socket?.destroy()
      : sse(response, [choice({content: 'Hello'}, null), choice({}, 'stop')]);
  });
  const output = place();
  const args = ['batch', '--url', url, '--parallel', '1', '-i', fileOf(questions(8)), '-o', output, '--resume'];
  const first = await runProgram('mistral', args);
  expect(first.code).toBe(5);
  const answered = recordsIn(output).filter(({error}) => !error);
  expect(answered).toHaveLength(5);
  expect(answered[0]).toMatchObject({content: 'Hello', finish_reason: 'stop'});
  left = 100;
  const second = await runProgram('mistral', args);
  expect([second.code, recordsIn(output).length]).toEqual([0, 8]);
  expect(second.stderr).toContain('3 answered, 0 failed, 0 cut, 5 answered before\n');
});
