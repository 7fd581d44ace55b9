// The programs in pipes, on a tiny random model: what goes in, what comes out, and how they end.
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {randomModel, TINY_SHAPE} from '../fixtures/random-model.ts';
import {type RunOptions, runProgram, runShell} from './harness/program.ts';

const folder = mkdtempSync(join(tmpdir(), 'pipes-'));
const model = join(folder, 'tiny.gguf');
const QUIET = ['--gpu', 'off', '--threads', '1'];
/** The end of the answer is forbidden and the context long: for half a minute only something else ends it. */
const ENDLESS = ['--logit-bias', '2=-100', '--max-tokens', '100000', '--ctx', '65536'];

const chat = (args: readonly string[], options: RunOptions = {}) =>
  runProgram('mistral-chat', [model, '--instruct', ...QUIET, ...args], options);

beforeAll(() => writeFileSync(model, randomModel(TINY_SHAPE)));
afterAll(() => rmSync(folder, {recursive: true}));

describe('turns', () => {
  test('each line is a turn, the answers alone are on stdout, the end of the input ends with 0', async () => {
    const {code, stdout, stderr} = await chat(['--json', '--seed', '1', '--max-tokens', '4'], {
      stdin: 'one\n\ntwo\r\nthree',
    });
    const answers = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(answers).toHaveLength(3);
    expect(answers[0]).toMatchObject({finish_reason: 'length', usage: {cached_tokens: 0}, model: 'tiny', seed: 1});
    expect(answers[1].usage.cached_tokens).toBeGreaterThan(0);
    expect(stderr).toMatch(/^(note: the answer was cut off after 4 tokens.*\n){3}$/);
    expect(code).toBe(0);
  });

  test('under a schema each answer is one line of JSON that fits, from a model that says anything', async () => {
    const schema =
      '{"type": "object", "properties": {"n": {"type": "integer", "minimum": 5, "maximum": 7}, "d": {"type": "string", "format": "date"}}, "required": ["n", "d"]}';
    const {code, stdout, stderr} = await chat(['--schema', schema, '--temperature', '2', '--no-history'], {
      stdin: 'one\ntwo\nthree\n',
    });
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    for (const line of lines) expect(line).toMatch(/^\{"n": [567], "d": "\d{4}-\d\d-\d\d"\}$/);
    expect([code, stderr]).toEqual([0, '']);
  });

  test('an answer that is cut under a schema is on stderr alone', async () => {
    const args = ['--schema', '{"type": "string", "minLength": 500}', '--max-tokens', '5', '--seed', '1', '-p', 'x'];
    const {code, stdout, stderr} = await chat(args);
    expect([code, stdout]).toEqual([6, '']);
    expect(stderr).toMatch(/^[\s\S]+note: the answer was cut off after 5 tokens/);
  });

  test('a schema that cannot be held ends the program before the model is looked at', async () => {
    const refused = await runProgram('mistral-chat', [
      '/nowhere.gguf',
      '--schema',
      '{"properties": {"a": {"if": {"type": "null"}, "then": false}}}',
      '-p',
      'x',
    ]);
    expect([refused.code, refused.stdout]).toEqual([2, '']);
    expect(refused.stderr).toContain('/properties/a/if: "if" is not enforced');
  });

  test('lines without a history know nothing of each other', async () => {
    const args = ['--json', '--temperature', '0', '--max-tokens', '3', '--no-history'];
    const {stdout} = await chat(args, {stdin: 'one\none\n'});
    const [first, second] = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(second.usage.prompt_tokens).toBe(first.usage.prompt_tokens);
    expect(second.content).toBe(first.content);
  });

  test('-p is one prompt, and - in it is stdin', async () => {
    const args = ['--json', '--temperature', '0', '--max-tokens', '1'];
    const literal = await chat([...args, '-p', 'Sum up:\n\nsome text']);
    const joined = await chat([...args, '-p', 'Sum up:', '-p', '-'], {stdin: 'some text\n'});
    const usage = ({stdout}: {stdout: string}) => JSON.parse(stdout).usage.prompt_tokens;
    expect(usage(joined)).toBe(usage(literal));
  });

  test('bytes that are no UTF-8 are replaced and announced', async () => {
    const {code, stderr} = await chat(['--max-tokens', '1'], {stdin: Buffer.from([0x61, 0xff, 0x0a])});
    expect(stderr).toContain('line 1 of stdin is not valid UTF-8');
    expect(code).toBe(0);
  });

  test('a line of 10 MB is read whole and refused with its size; what was answered before stays', async () => {
    const stdin = `hi\n${'word '.repeat(2e6)}\n`;
    const {code, stdout, stderr} = await chat(['--json', '--max-tokens', '1'], {stdin});
    expect(code).toBe(4);
    const [answer, refusal] = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(answer).toMatchObject({finish_reason: 'length'});
    expect(refusal).toMatchObject({error: {code: 'context_length_exceeded'}});
    expect(stderr).toContain('--ctx');
  });

  test("a line that cannot be answered is that line's error, the others are answered, the code comes at the end", async () => {
    const stdin = `hi\n${'word '.repeat(5000)}\nho\n`;
    const json = await chat(['--json', '--max-tokens', '1'], {stdin});
    const objects = json.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(objects.map((object) => object.error?.code ?? object.finish_reason)).toEqual([
      'length',
      'context_length_exceeded',
      'length',
    ]);
    expect(objects[1].error.message).toMatch(/^line 2 of stdin: the prompt has \d+ tokens/);
    expect(json.code).toBe(4);
    const text = await chat(['--max-tokens', '1'], {stdin});
    expect(text.stdout.split('\n')).toHaveLength(3);
    expect(text.stderr).toContain('error: line 2 of stdin: ');
    expect(text.code).toBe(4);
  });

  const LONG_CHAT = 'word '.repeat(12).concat('\n').repeat(24);
  const objectsOf = (stdout: string) =>
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));

  test('when the conversation is full, the oldest turns make room for the next line, which is told', async () => {
    const args = ['--json', '--temperature', '0', '--max-tokens', '1', '--ctx', '256'];
    const {code, stdout, stderr} = await chat(args, {stdin: LONG_CHAT});
    const objects = objectsOf(stdout);
    expect(objects.map(({finish_reason}) => finish_reason)).toEqual(Array(24).fill('length'));
    const cuts = objects.flatMap(({context}) => context ?? []);
    expect(cuts.length).toBeGreaterThan(1);
    expect(cuts[0]).toMatchObject({policy: 'trim', dropped_messages: cuts[0].dropped_turns * 2});
    expect(stderr).toMatch(
      /^note: the \d oldest turns no longer fit the context of 256 tokens; --context-policy stop ends instead$/m,
    );
    expect(stderr).toMatch(/^note: \d more turns no longer fit the context of 256 tokens$/m);
    expect(code).toBe(0);
    const events = objectsOf((await chat(['--stream-json', ...args.slice(1)], {stdin: LONG_CHAT})).stdout);
    const at = events.findIndex(({type}) => type === 'context');
    expect(events[at]).toEqual({type: 'context', ...cuts[0]});
    expect(events[at + 1]).toMatchObject({type: 'start'});
  });

  test('with --context-policy stop the line that no longer fits says what helps', async () => {
    const args = ['--json', '--max-tokens', '1', '--ctx', '256', '--context-policy', 'stop'];
    const {code, stdout, stderr} = await chat(args, {stdin: LONG_CHAT});
    const objects = objectsOf(stdout);
    expect(objects).toHaveLength(24);
    expect(objects[0].finish_reason).toBe('length');
    expect(objects[23].error).toMatchObject({
      code: 'context_length_exceeded',
      hint: 'The lines of one run are one conversation: --context-policy trim leaves the oldest out, --ctx gives it more room, --no-history keeps none.',
    });
    expect(stderr).not.toContain('drop old messages');
    expect(code).toBe(4);
  });

  test('a reader that leaves ends the program quietly', async () => {
    const {code, stdout, stderr} = await runShell(
      `set -o pipefail; yes hi | head -500 | $CHAT ${model} --instruct --gpu off --threads 1 --json --max-tokens 1 2>/dev/null | head -1 >/dev/null; echo "\${PIPESTATUS[2]}"`,
    );
    expect({code, stdout, stderr}).toEqual({code: 0, stdout: '0\n', stderr: ''});
  });

  test('a full disk is an error', async () => {
    const {stdout, stderr} = await runShell(
      `$CHAT ${model} --gpu off --threads 1 -p hi --max-tokens 1 >/dev/full; echo $?`,
    );
    expect(stdout).toBe('1\n');
    expect(stderr).toContain('error: ENOSPC');
  });

  test.each(['list --available', 'tokenize --text hello', 'inspect', 'chat --help', '--version'])(
    'also for what is printed last: mistral %s',
    async (args) => {
      const {code, stderr} = await runShell(`$MISTRAL ${args} >/dev/full`);
      expect(code).toBe(1);
      expect(stderr).toContain('error: ENOSPC');
    },
  );
});

describe('signals', () => {
  const once = (when: (stdout: string, stderr: string) => boolean, signal: NodeJS.Signals) => {
    let sent = false;
    return {
      onOutput: (stdout, stderr, child) => {
        if (sent || !when(stdout, stderr)) return;
        sent = true;
        child.kill(signal);
      },
    } satisfies RunOptions;
  };

  test('SIGINT while the model loads ends at once', async () => {
    const loading = once((_stdout, stderr) => stderr !== '', 'SIGINT');
    // With nothing to answer it ends the same way when the signal arrives late.
    const {code, stdout} = await chat(['--verbose', ...ENDLESS], {stdin: '', keepOpen: true, ...loading});
    expect({code, stdout}).toEqual({code: 130, stdout: ''});
  });

  test('SIGINT while a long prompt is read', async () => {
    const reading = once((stdout) => stdout.includes('"prefill"'), 'SIGINT');
    const {code} = await chat(['--stream-json', ...ENDLESS], {stdin: `${'word '.repeat(500)}\n`, ...reading});
    expect(code).toBe(130);
  });

  test('SIGINT in an answer keeps what was said', async () => {
    const {code, stdout} = await chat(ENDLESS, {stdin: 'hi\n', ...once((out) => out.length > 3, 'SIGINT')});
    expect(code).toBe(130);
    expect(stdout.length).toBeGreaterThan(3);
    expect(stdout.endsWith('\n')).toBe(true);
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s while it waits for the next line', async (signal, expected) => {
    const waiting = once((stdout) => stdout.endsWith('}\n'), signal);
    const {code, stdout} = await chat(['--json', '--max-tokens', '1'], {stdin: 'hi\n', keepOpen: true, ...waiting});
    expect(code).toBe(expected);
    expect(JSON.parse(stdout)).toMatchObject({finish_reason: 'length'});
  });
});

test.each([
  [['--instruct', '--continue'], '--continue and --resume work only in a terminal, with --instruct'],
  [['--resume', 'x'], '--continue and --resume work only in a terminal, with --instruct'],
  [['--instruct', '--exec', 'f=true'], '--tools and --exec work only in a terminal'],
  [['--instruct', '--stats', 'full'], '--stats works only in a chat at a terminal'],
  [['--instruct', '-p', 'x', '--stats', 'on'], '--stats works only in a chat at a terminal'],
  [['--instruct', '--notify', 'always'], '--notify works only in a chat at a terminal'],
])('%j takes a terminal', async (flags, message) => {
  const {code, stdout, stderr} = await runProgram('mistral-chat', [model, ...flags], {stdin: 'hi\n'});
  expect({code, stdout}).toEqual({code: 2, stdout: ''});
  expect(stderr.split('\n')[0]).toBe(`error: ${message}`);
});

test('a user whom no list of users has, as in a container, is answered', async () => {
  const stub = join(folder, 'no-passwd-entry.cjs');
  // What libuv does for such a user, in every place that asks.
  writeFileSync(
    stub,
    `const os = require('node:os');
    os.homedir = () => {
      if (process.env.HOME) return process.env.HOME;
      throw new Error('uv_os_homedir returned ENOENT');
    };
    require('node:module').syncBuiltinESMExports();`,
  );
  const env = {HOME: undefined, NODE_OPTIONS: `--require ${stub}`};
  const args = [model, ...QUIET, '--max-tokens', '2', '--prefix', 'a', '--suffix', 'b', '--json'];
  const {code, stderr} = await runProgram('mistral-fim', args, {env});
  expect({code, stderr}).toEqual({code: 0, stderr: expect.not.stringContaining('error')});
});

describe('the other programs', () => {
  test('demo continues three prompts in one batch', async () => {
    const {code, stdout, stderr} = await runProgram('mistral-demo', [model, '3', ...QUIET]);
    expect(stdout).toMatch(
      /^This is a test[\s\S]*\n={21}\nThis is another great test[\s\S]*\n={21}\nThis is a third test, mistral AI is very good at testing\. [\s\S]*\n={21}\n$/,
    );
    expect({code, stderr}).toEqual({code: 0, stderr: ''});
  });

  test('fim prints the middle, tools a list of calls, and a dry run no more than the prompt', async () => {
    const fim = await runProgram('mistral-fim', [model, ...QUIET, '--prefix', 'a', '--suffix', 'b', '--max_tokens=3']);
    expect(fim.code).toBe(0);
    expect(fim.stderr).toContain('cut off after 3 tokens');
    const tools = ['--tools', '-', '-p', 'hi'];
    const stdin = '[{"name": "f", "description": "", "parameters": {"type": "object", "properties": {}}}]';
    const called = await runProgram('mistral-tools', [model, ...QUIET, ...tools, '--tool-choice', 'f'], {stdin});
    expect(JSON.parse(called.stdout)).toMatchObject([{name: 'f', arguments: {}}]);
    const dry = await runProgram('mistral', ['tools', model, ...tools, '--dry-run', '--json'], {stdin});
    const {version, ids, pieces} = JSON.parse(dry.stdout);
    expect(version).toBe('v3');
    expect(ids.slice(0, 2)).toEqual([1, 6]);
    expect(pieces.slice(0, 2)).toEqual(['<s>', '[AVAILABLE_TOOLS]']);
  });
});

describe('refusals', () => {
  test.each([
    [['--max_tokn', '3'], 2, 'Did you mean --max-tokens?'],
    [['--temperature', 'hot'], 2, 'Expected a number from 0 to 100.'],
    [['/no/such/model'], 3, 'fetched model /no/such/model\nGive a .gguf file'],
    [[model, '--system', '@/no/such/file', '-p', 'hi'], 1, 'cannot read /no/such/file: there is no such file'],
  ] as const)('%j ends with %i', async (args, code, message) => {
    const result = await runProgram('mistral-chat', ['--instruct', '--gpu', 'off', ...args]);
    expect(result.code).toBe(code);
    expect(result.stdout).toBe('');
    expect(result.stderr).toContain(message);
  });

  test('in JSON mode the refusal is an object on stdout too', async () => {
    const {code, stdout} = await runProgram('mistral-chat', ['/no/such/model', '--json', '-p', 'hi']);
    expect(JSON.parse(stdout)).toMatchObject({error: {code: 'model_not_found'}});
    expect(code).toBe(3);
  });
});
