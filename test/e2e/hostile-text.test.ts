// Names and texts of others, in every place that takes one, through the real programs on a real pty: none of it may
// drive the terminal, and in a pipe none of it may be changed.
import {copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import type {ServerResponse} from 'node:http';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, onTestFinished, test} from 'vitest';
import {DRIVES} from '../fakes/hostile-text.ts';
import {type Answer, httpServer, json} from '../fakes/http-server.ts';
import {randomModel, TINY_SHAPE} from '../fixtures/random-model.ts';
import {type RunResult, runProgram} from './harness/program.ts';
import {PtyProgram} from './harness/pty.ts';

/**
 * One of each kind that a file name and a flag can hold: title, colour, C1, carriage return, DEL, bidi, separator, tag.
 * What follows `PWN` shows that the text came through.
 */
const EVIL =
  'E\u001b]0;PWN\u0007\u001b[31mF\u009b2J\u009d0;x\u009cover\rwrite\u007f\u202eG\u202c\u2066H\u2028I\u{E0041}J';

const folder = mkdtempSync(join(tmpdir(), 'hostile-'));
const at = (...names: string[]) => join(folder, ...names);
/** A file's name, and in the file a model's name, its chat template and a piece of its vocabulary. */
const model = at(`${EVIL}.gguf`);
const tools = at(`${EVIL}.json`);
const env = {
  ...{HOME: folder, XDG_CACHE_HOME: at('cache'), XDG_STATE_HOME: at('state'), NO_COLOR: '1'},
  ...{HF_HOME: at('hub'), MISTRAL_STATE_DIR: at('state', 'mistral-chat')},
};
const QUIET = ['--gpu', 'off', '--threads', '1'];

beforeAll(() => {
  // One C1 character as a piece of its own: CSI.
  const vocabulary = TINY_SHAPE.vocabulary.map((piece) => (piece.text === '!' ? {...piece, text: '\u009b'} : piece));
  const metadata = {'general.name': EVIL, 'general.license': EVIL, 'tokenizer.chat_template': `{{ '${EVIL}' }}`};
  writeFileSync(model, randomModel({...TINY_SHAPE, vocabulary}, 1, metadata));
  mkdirSync(at('cache', 'mistral-chat', 'models', 'fetched'), {recursive: true});
  copyFileSync(model, at('cache', 'mistral-chat', 'models', 'fetched', `${EVIL}.gguf`));
  const parameters = {type: 'object', properties: {[EVIL]: {type: 'string', format: EVIL, not: {const: EVIL}}}};
  writeFileSync(tools, JSON.stringify([{name: 'add', description: EVIL, parameters}]));
  writeFileSync(at('bad-name.json'), JSON.stringify([{name: EVIL, parameters: {type: 'object', properties: {}}}]));
  const exam = {id: EVIL, kind: EVIL, request: {prompt: EVIL}, expect: {contains: [EVIL]}};
  writeFileSync(at('exam.json'), JSON.stringify({cases: [exam]}));
  writeFileSync(at('no-exam.json'), JSON.stringify({cases: [{...exam, expect: {[EVIL]: 1}}]}));
  mkdirSync(at('state', 'mistral-chat', 'sessions'), {recursive: true});
  const session = at('state', 'mistral-chat', 'sessions', '20260102-030405-1f2e.jsonl');
  const head = {
    type: 'session',
    format: 1,
    id: '20260102-030405-1f2e',
    created: '2026-01-02T03:04:05.000Z',
    model: EVIL,
  };
  const said = {type: 'message', node: 1, parent: 0, message: {role: 'user', content: EVIL}};
  const reply = {type: 'message', node: 2, parent: 1, message: {role: 'assistant', content: EVIL}};
  writeFileSync(session, [head, said, reply].map((line) => `${JSON.stringify(line)}\n`).join(''));
  writeFileSync(at('state', 'mistral-chat', 'sessions', `${EVIL}.jsonl`), 'damaged');
  mkdirSync(at(`${EVIL}-folder`));
  writeFileSync(at(`${EVIL}-folder`, 'params.json'), '{}');
});
afterAll(() => rmSync(folder, {recursive: true}));

const bin = (name: string) => join(import.meta.dirname, `../../bin/${name}.js`);

function onPty(line: readonly string[], more: Readonly<Record<string, string>> = {}): PtyProgram {
  const [name = '', ...args] = line;
  // Wide, so that no cut takes the text away that is looked for.
  const options = {columns: 2000, env: {...env, ...more}, cwd: folder};
  const program = new PtyProgram(process.execPath, [bin(name), ...args], options);
  onTestFinished(() => {
    if (program.exitCode === undefined) program.kill('SIGKILL');
  });
  return program;
}

/** Our own sequences: the spinner's colour (a foreign one here is red), its erasing and moving, and the prompt's. */
const OURS = /\u001b\[(?:\?25[lh]|\?2026[lh]|3[69]m|\d*[ABCDGJK])/g;

function expectHarmless(output: string): void {
  expect(output).not.toContain('over\rwrite');
  // A pty makes line ends of its own; the spinner goes back to the start of its row.
  expect(output.replaceAll(OURS, '').replaceAll('\r', '')).not.toMatch(DRIVES);
}

const hi = ['-p', 'Hi', '--max-tokens', '2', '--logit-bias', '2=-100'];

describe('on a terminal', () => {
  const lines: readonly (readonly string[])[] = [
    ['mistral', 'inspect', model],
    ['mistral', 'inspect', model, '--json'],
    ['mistral', 'inspect', `none-${EVIL}`],
    ['mistral', 'list'],
    ['mistral', 'list', '--json'],
    ['mistral', 'rm', EVIL],
    ['mistral', 'rm', `${EVIL}.gguf`, '--yes'],
    ['mistral', 'tokenize', model, '--request', EVIL],
    ['mistral', 'tokenize', model, '--template', EVIL],
    ['mistral', 'bench', model, ...QUIET, '-r', '1', '--prompt-tokens', '4', '--generated-tokens', '2'],
    ['mistral', 'exam', at('exam.json'), model, ...QUIET],
    ['mistral', 'exam', at('exam.json'), model, ...QUIET, '--json'],
    ['mistral', 'exam', at('no-exam.json'), model],
    ['mistral', 'exam', EVIL],
    ['mistral', 'convert', at(`${EVIL}-folder`)],
    ['mistral', 'convert', EVIL],
    ['mistral', 'verify', model, EVIL],
    ['mistral', 'pull', EVIL],
    ['mistral', 'pull', `hf:a/${EVIL}`],
    ['mistral', 'sessions', 'list'],
    ['mistral', 'sessions', 'list', '--json'],
    ['mistral', 'sessions', 'show', '20260102'],
    ['mistral', 'sessions', 'export', '20260102'],
    ['mistral', 'sessions', 'export', '20260102', '--json'],
    ['mistral', 'sessions', 'show', EVIL],
    ['mistral', EVIL],
    ['mistral', 'completion', EVIL],
    ['mistral', 'serve', model, '--api-key-file', EVIL],
    ['mistral', 'serve', model, '--host', EVIL, '--insecure'],
    ['mistral', 'worker', model, '--api-server', EVIL, '--job-type', EVIL, '--auth-key', 'k'],
    ['mistral-chat', model, '--instruct', '--system', EVIL, ...hi, ...QUIET, '--verbose'],
    ['mistral-chat', model, '--instruct', ...hi, ...QUIET, '--json'],
    ['mistral-chat', `none-${EVIL}`, ...hi],
    ['mistral-chat', '--url', EVIL, ...hi],
    ['mistral-chat', '--api-key-env', EVIL, '--url', 'http://127.0.0.1:9', ...hi],
    ['mistral-chat', '--instruct', '--system', `@${EVIL}`, ...hi],
    ['mistral-chat', '--resume', EVIL, '--instruct'],
    ['mistral-chat', '--temperature', EVIL],
    ['mistral-chat', '--kv-type', EVIL],
    ['mistral-chat', `--${EVIL}`],
    ['mistral-chat', `--${EVIL}`, '--json'],
    ['mistral-fim', '--file', EVIL, '--line', '1'],
    ['mistral-fim', model, '--prefix', 'a', '--suffix', 'b', '--max-tokens', '1', '--lora-path', EVIL, ...QUIET],
    ['mistral-tools', model, '--tools', tools, '-p', 'x', '--max-tokens', '2', ...QUIET],
    ['mistral-tools', model, '--tools', tools, '-p', EVIL, '--dry-run'],
    ['mistral-tools', model, '--tools', at('bad-name.json'), '-p', 'x'],
    ['mistral-tools', model, '--tools', EVIL, '-p', 'x'],
    ['mistral-tools', model, '--tools', tools, '-p', 'x', '--exec', EVIL],
    ['mistral-tools', model, '--tools', tools, '-p', 'x', '--tool-choice', EVIL],
  ];
  // The text may be the reason for nothing that is shown: then the row would prove nothing.
  test.each(lines.map((line) => [line.join(' ').replaceAll(EVIL, 'EVIL').replaceAll(folder, ''), line] as const))(
    '%s',
    async (_name, line) => {
      const program = onPty(line);
      await program.exited();
      expectHarmless(program.output);
      expect(program.output).toContain('PWN');
    },
  );

  test('a piece of the vocabulary', async () => {
    const program = onPty(['mistral', 'tokenize', model, '--text', '\u009bx', '--json']);
    await program.exited();
    expectHarmless(program.output);
    expect(program.output).toContain('"\\u009b"');
    const table = onPty(['mistral', 'tokenize', model, '--text', '\u009bx']);
    await table.exited();
    expectHarmless(table.output);
    expect(table.output).toContain('3 tokens');
  });

  test.each([
    ['MISTRAL_MODEL', 'mistral-chat', ['mistral-chat', ...hi]],
    ['MISTRAL_URL', 'mistral-chat', ['mistral-chat', ...hi]],
    ['MISTRAL_URL', 'mistral-tools', ['mistral-tools', '--tools', tools, '-p', 'x', '--json']],
  ] as const)('$%s for %s', async (name, _program, line) => {
    const program = onPty(line, {[name]: EVIL});
    await program.exited();
    expectHarmless(program.output);
    expect(program.output).toContain('PWN');
  });
});

function events(response: ServerResponse, chunks: readonly unknown[]): void {
  response.writeHead(200, {'content-type': 'text/event-stream'});
  response.end(`${chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join('')}data: [DONE]\n\n`);
}

/** A server's own texts may hold anything that JSON can say, so also NUL and half a surrogate pair. */
const REMOTE = `${EVIL}\u0000\u0085\ud800`;

const server: Answer = ({path, body}, response) => {
  if (path === '/v1/models') return json(response, {data: [{id: REMOTE, max_model_len: 4096}]});
  const text = body?.messages?.at(-1)?.content ?? '';
  if (/fail/.test(text))
    return json(response, {error: {message: REMOTE, type: REMOTE, code: REMOTE, param: REMOTE}}, 422);
  const tool_calls = [{index: 0, id: REMOTE, function: {name: 'add', arguments: JSON.stringify({[REMOTE]: REMOTE})}}];
  const delta = body?.tools?.length > 0 && body.messages.length < 3 ? {tool_calls} : {content: REMOTE};
  return events(response, [
    {choices: [{delta, finish_reason: null}]},
    {choices: [{delta: {}, finish_reason: 'length'}], usage: {prompt_tokens: 1, completion_tokens: 2}},
  ]);
};

describe('of a server, on a terminal', () => {
  const lines: readonly (readonly string[])[] = [
    ['mistral-chat', '--instruct', '-p', 'Hi'],
    ['mistral-chat', '--instruct', '-p', 'Hi', '--json'],
    ['mistral-chat', '--instruct', '-p', 'Hi', '--stream-json'],
    ['mistral-chat', '--instruct', '-p', 'fail'],
    ['mistral-chat', '--instruct', '-p', 'fail', '--json'],
    ['mistral-tools', '--tools', tools, '-p', 'x'],
    ['mistral-tools', '--tools', tools, '-p', 'x', '--json'],
    ['mistral-tools', '--tools', tools, '-p', 'x', '--exec', 'add=cat'],
  ];
  test.each(lines.map((line) => [line.join(' ').replaceAll(EVIL, 'EVIL'), line] as const))(
    '%s',
    async (_name, line) => {
      const {url} = await httpServer(server);
      const program = onPty([...line, '--url', `${url}/v1`]);
      await program.exited();
      expectHarmless(program.output);
      expect(program.output).toContain('PWN');
    },
  );

  test('mistral serve: the line for people and the log', async () => {
    const {url} = await httpServer(server);
    const args = ['serve', '--url', `${url}/v1`, '--port', '0', '--log-prompts', '--alias', EVIL];
    const program = onPty(['mistral', ...args]);
    await program.see(/serving [\s\S]* at http:\/\/127\.0\.0\.1:\d+/);
    const [, served = ''] = /serving [\s\S]* at (http:\/\/127\.0\.0\.1:\d+)/.exec(program.text()) ?? [];
    const messages = [{role: 'user', content: `fail ${REMOTE}`}];
    const reply = await fetch(`${served}/v1/chat/completions`, {
      method: 'POST',
      headers: {'content-type': 'application/json'},
      body: JSON.stringify({messages}),
    });
    await reply.text();
    await program.see('answered');
    program.kill('SIGTERM');
    await program.exited();
    expectHarmless(program.output);
    expect(program.output.split('PWN').length).toBeGreaterThan(2);
  });

  test.each([['--plain'], ['--screen-reader']])('a chat with %s', async (flag) => {
    const {url} = await httpServer(server);
    const program = onPty(['mistral-chat', '--instruct', flag, '--url', `${url}/v1`, '--tools', tools]);
    const asked = () => program.output.split('Prompt: ').length;
    for (const line of ['hello', 'fail', '/tools', '/model', '/nonsense']) {
      const before = asked();
      await program.see('Prompt: ');
      program.type(`${line}\r`);
      if (line === '/model') {
        // The server's other models are offered, and none is taken.
        await program.see('another model?');
        program.type('\r');
      }
      await program.until(() => asked() > before, `the next prompt after ${line}`);
    }
    program.type('/exit\r');
    await program.exited();
    expectHarmless(program.output);
    expect(program.output).toContain('PWN');
  });

  test('a chat on the screen', async () => {
    const {url} = await httpServer(server);
    const program = onPty(['mistral-chat', '--instruct', '--url', `${url}/v1`, '--resume', '20260102', '--no-save']);
    await program.see(/^ready/m);
    program.type('hello\r');
    await program.see(/cut off at the length limit[\s\S]*^ready/m);
    program.type('fail\r');
    await program.see(/error[\s\S]*^ready/m);
    // The message that failed came back to the prompt: Ctrl+U takes it away.
    program.type('\u0015/model\r');
    await program.see('another model?');
    program.type('\u001b');
    await program.until(() => !program.text().includes('another model?'), 'the list of models to close');
    program.type('/exit\r');
    await program.exited();
    // The last ones are those of the handshake: what the terminal is asked, with the cursor kept meanwhile.
    const modes = /\u001b(?:\[(?:\?\d+[lhu]|[<>]?\d*u|\?u|\d*[ABCDGJK]|[\d;]*m|>q|6n|c)|[78])/g;
    // A style of theirs would not begin and end at the edges of a text of ours.
    expect(program.output).not.toContain('\u001b[31m');
    // The background that is asked for, and the title, which holds no text of theirs.
    const strings = /\u001b\](?:11;\?|2;(?:… )?mistral-chat)\u001b\\|\u001b\[2[23];2t/g;
    expect(program.output.replaceAll(strings, '').replaceAll(modes, '').replaceAll('\r', '')).not.toMatch(DRIVES);
    expect(program.output).not.toContain('over\rwrite');
    expect(program.output).toContain('PWN');
  });
});

describe('in a pipe nothing of a result is changed', () => {
  const answered = async (line: readonly string[]): Promise<RunResult> => {
    const {url} = await httpServer(server);
    const [name = '', ...args] = line;
    return runProgram(name, [...args, '--url', `${url}/v1`], {env});
  };
  /** Half a pair cannot be written: it becomes the character for what could not. */
  const written = REMOTE.replace('\ud800', '\ufffd');

  test('an answer', async () => {
    expect((await answered(['mistral-chat', '--instruct', '-p', 'Hi'])).stdout).toBe(`${written}\n`);
  });

  test('an answer as JSON', async () => {
    const {stdout} = await answered(['mistral-chat', '--instruct', '-p', 'Hi', '--json']);
    expect(stdout).toContain(`"content":${JSON.stringify(REMOTE)},`);
    expect(JSON.parse(stdout)).toMatchObject({content: REMOTE, model: REMOTE});
  });

  test('a kept chat', async () => {
    const {stdout} = await runProgram('mistral', ['sessions', 'export', '20260102'], {env});
    // A lone CR is a line break to some readers of Markdown: one that stays could begin a heading of a role.
    expect(stdout).toContain(EVIL.replaceAll('\r', '\n'));
  });

  test('messages on stderr are clean there too: a log is looked at on a terminal', async () => {
    const {stderr} = await runProgram('mistral', ['inspect', `none-${EVIL}`], {env});
    expect(stderr).toContain('PWN');
    expect(stderr).not.toMatch(DRIVES);
  });
});
