// Whatever the programs start ends with them, also when they are killed: servers, quantisers, tools. Nothing is left.
import {execFile, execFileSync, spawn} from 'node:child_process';
import {once} from 'node:events';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {pathToFileURL} from 'node:url';
import {promisify} from 'node:util';
import {expect, onTestFinished, test, vi} from 'vitest';
import {aliveFifo} from '../fixtures/alive-fifo.ts';
import {folderWith} from '../fixtures/folder.ts';
import {programsWith} from '../fixtures/programs-with.ts';
import {randomModel, TINY_SHAPE} from '../fixtures/random-model.ts';
import {wideFolder} from '../fixtures/tiny-families.ts';
import {PtyProgram} from './harness/pty.ts';

const ROOT = join(import.meta.dirname, '../..');
const bin = (name: string) => join(ROOT, 'bin', `${name}.js`);
const QUIET = ['--gpu', 'off', '--threads', '1'];

/** Whoever has the word in its command line ends; what is still there after the test is killed. */
async function allEnd(word: string): Promise<void> {
  await vi.waitFor(() => expect(programsWith(word)).toEqual([]), 15_000);
}

function killAfterwards(word: string): void {
  onTestFinished(() => {
    for (const pid of programsWith(word)) process.kill(pid, 'SIGKILL');
  });
}

function startServer() {
  const model = join(folderWith({'tiny.gguf': randomModel(TINY_SHAPE)}), 'tiny.gguf');
  killAfterwards(model);
  const env = {...process.env, MISTRAL_STATE_DIR: folderWith()};
  const argv = [bin('mistral'), 'serve', model, '--port', '0', '--ctx', '256', ...QUIET];
  const child = spawn(process.execPath, argv, {env, stdio: ['ignore', 'ignore', 'pipe']});
  return {child, model};
}

test.each([30, 100, 250, 500, 1000])('a server whose supervisor is killed in its first %i ms ends', async (ms) => {
  const {child, model} = startServer();
  await sleep(ms);
  child.kill('SIGKILL');
  await once(child, 'exit');
  await allEnd(model);
});

test.each(['SIGSTOP', 'SIGCONT'] as const)('a server that got %s ends with its supervisor', async (signal) => {
  const {child, model} = startServer();
  let said = '';
  child.stderr.on('data', (chunk) => (said += chunk));
  await vi.waitFor(() => expect(said).toContain('serving tiny'), 20_000);
  const [server] = programsWith(model).filter((pid) => pid !== child.pid);
  process.kill(server ?? 0, signal);
  child.kill('SIGKILL');
  await once(child, 'exit');
  await allEnd(model);
});

test('a quantiser in the middle of native code ends with the program that started it', async () => {
  const folder = folderWith(wideFolder());
  const source = join(folder, 'source.gguf');
  const convert = ['convert', folder, '--quant', 'BF16', '--workers', '0', '--out', source];
  await promisify(execFile)(process.execPath, [bin('mistral'), ...convert]);
  // The library opens its target for writing, and waits there for a reader that never comes.
  const target = join(folder, 'target.gguf');
  execFileSync('sh', ['-c', 'mkfifo "$0"', target]);
  killAfterwards(target);
  const module = pathToFileURL(join(ROOT, 'dist/engine/convert/quantise.js')).href;
  const code = `import {quantiseFile} from '${module}';
    await quantiseFile('${source}', '${target}', 'Q4_K_M', {threads: 1, signal: new AbortController().signal});`;
  const parent = spawn(process.execPath, [join(folderWith({'quantise.mjs': code}), 'quantise.mjs')], {stdio: 'ignore'});
  await vi.waitFor(() => expect(programsWith(target)).toHaveLength(1), 20_000);
  await sleep(1000);
  expect(programsWith(target)).toHaveLength(1);
  parent.kill('SIGKILL');
  await once(parent, 'exit');
  await allEnd(target);
});

const TOOLS = JSON.stringify([{name: 'f', description: 'Does it', parameters: {type: 'object', properties: {}}}]);
/** Leaves the session and ignores what asks it to end. */
const ILL = `exec 9>alive; setsid sleep 600 & trap '' TERM HUP; sleep 600; sleep 600`;

/** mistral-tools in the middle of a tool that does not end. */
async function inTool(...flags: string[]) {
  const {cwd, isAlive} = aliveFifo();
  const model = join(folderWith({'tiny.gguf': randomModel(TINY_SHAPE)}), 'tiny.gguf');
  const argv = [model, ...QUIET, '--tools', '-', '-p', 'hi', '--tool-choice', 'f', '--max-tokens', '60'];
  const program = [bin('mistral-tools'), ...argv, '--shell', '--exec', `f=${ILL}`, ...flags];
  const child = spawn(process.execPath, program, {cwd, stdio: ['pipe', 'ignore', 'pipe']});
  child.stdin.end(TOOLS);
  let said = '';
  child.stderr.on('data', (chunk) => (said += chunk));
  const exit = once(child, 'exit');
  await vi.waitFor(() => expect(isAlive()).toBe(true), 30_000);
  return {child, exit, isAlive, said: () => said};
}

test.each([
  ['SIGINT', [null, 'SIGINT']],
  ['SIGTERM', [null, 'SIGTERM']],
  ['SIGHUP', [null, 'SIGHUP']],
  ['SIGQUIT', [null, 'SIGQUIT']],
  ['SIGKILL', [null, 'SIGKILL']],
] as const)('%s ends mistral-tools and the tool that runs', async (signal, expected) => {
  const {child, exit, isAlive} = await inTool();
  child.kill(signal);
  expect(await exit).toEqual(expected);
  await vi.waitFor(() => expect(isAlive()).toBe(false), 10_000);
});

test('so does the limit of time, which the model is told', async () => {
  const {exit, isAlive, said} = await inTool('--timeout', '1');
  await vi.waitFor(() => expect(said()).toContain('the command of the tool f took longer than 1 s'), 20_000);
  expect(isAlive()).toBe(false);
  expect(await exit).toEqual([5, null]);
});

const WEATHER = JSON.stringify([
  {
    name: 'get_current_weather',
    description: 'Get the current weather',
    parameters: {
      type: 'object',
      properties: {location: {type: 'string'}, format: {type: 'string', enum: ['celsius', 'fahrenheit']}},
      required: ['location', 'format'],
    },
  },
]);

test('in the plain chat Ctrl-C ends a tool that left the session, and Ctrl-D still leaves', async () => {
  const {cwd, isAlive} = aliveFifo();
  const tools = join(folderWith({'tools.json': WEATHER}), 'tools.json');
  const argv = [bin('mistral-chat'), '--instruct', '--plain', '--no-save', '--temperature', '0', ...QUIET];
  const exec = ['--tools', tools, '--shell', '--exec', `get_current_weather=${ILL}`];
  const program = new PtyProgram(process.execPath, [...argv, ...exec], {cwd, env: {MISTRAL_STATE_DIR: folderWith()}});
  await program.see('Prompt: ');
  program.type("What's the weather like today in Paris?\r");
  await program.see('run get_current_weather?');
  program.type('1\r');
  await vi.waitFor(() => expect(isAlive()).toBe(true), 20_000);
  program.type('\x03');
  await vi.waitFor(() => expect(isAlive()).toBe(false), 10_000);
  await program.until(() => program.lines().at(-1)?.trimEnd() === 'Prompt:', 'the next prompt');
  program.type('\x04');
  expect(await program.exited()).toBe(0);
});
