// What the programs start for a model or a person does not see the secrets of the environment, unless they are named.
import {existsSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test, vi} from 'vitest';
import {aliveFifo} from '../fixtures/alive-fifo.ts';
import {folderWith} from '../fixtures/folder.ts';
import {randomModel, TINY_SHAPE} from '../fixtures/random-model.ts';
import {runProgram} from './harness/program.ts';
import {PtyProgram} from './harness/pty.ts';

const QUIET = ['--gpu', 'off', '--threads', '1'];
const SECRETS = {MISTRAL_API_KEY: 'secret-1', HF_TOKEN: 'secret-2', AWS_SECRET_ACCESS_KEY: 'secret-3'};
const TOOLS = JSON.stringify([{name: 'f', description: 'Does it', parameters: {type: 'object', properties: {}}}]);
/** Result lines of stderr have no line ends. */
const SHOW = 'echo "<$MISTRAL_API_KEY><$HF_TOKEN><$AWS_SECRET_ACCESS_KEY><$PLAIN>"';

async function toolResult(line: string, ...flags: string[]) {
  const model = join(folderWith({'tiny.gguf': randomModel(TINY_SHAPE)}), 'tiny.gguf');
  const argv = [model, ...QUIET, '--tools', '-', '-p', 'hi', '--tool-choice', 'f', '--max-tokens', '60'];
  return await runProgram('mistral-tools', [...argv, '--shell', '--exec', `f=${line}`, ...flags], {
    stdin: TOOLS,
    env: {...SECRETS, PLAIN: 'plain'},
  });
}

test('a tool sees the environment without its secrets, and those that --env names', async () => {
  expect((await toolResult(SHOW)).stderr).toContain('-> <><><><plain>');
  expect((await toolResult(SHOW, '--env', 'HF_TOKEN')).stderr).toContain('-> <><secret-2><><plain>');
});

test('where a call fails, the person hears which names it did not see', async () => {
  const {code, stderr} = await toolResult('exit 3', '--env', 'HF_TOKEN');
  expect(code).toBe(5);
  expect(stderr).toMatch(/Commands do not see (\w+, )*AWS_SECRET_ACCESS_KEY, (\w+, )*MISTRAL_API_KEY/);
  expect(stderr).not.toMatch(/secret-|HF_TOKEN/);
});

test('an --env that names nothing is refused before anything runs', async () => {
  const {code, stderr} = await toolResult(SHOW, '--env', 'HF_TOKEN=secret-9');
  expect(code).toBe(2);
  expect(stderr).toContain("--env takes the name of a variable, not 'HF_TOKEN=…'");
  expect(stderr).not.toContain('secret-9');
});

/** The screen with its editor open, a script that says what it sees and then waits. */
async function editing(cwd: string, ...flags: string[]): Promise<PtyProgram> {
  const bin = join(import.meta.dirname, '../../bin/mistral-chat.js');
  const editor = join(
    folderWith({'ed.sh': `exec 9>alive; trap '' HUP; ${SHOW} >seen.part; mv seen.part seen; sleep 600; true`}),
    'ed.sh',
  );
  const env = {...SECRETS, PLAIN: 'plain', VISUAL: `sh ${editor}`, MISTRAL_STATE_DIR: folderWith()};
  const program = new PtyProgram(process.execPath, [bin, '--instruct', '--no-save', ...QUIET, ...flags], {cwd, env});
  await program.see('ready');
  program.type('\x07');
  await vi.waitFor(() => expect(existsSync(join(cwd, 'seen'))).toBe(true), 20_000);
  return program;
}

test.each([
  ['', []],
  ['secret-1', ['--env', 'MISTRAL_API_KEY']],
])('the editor sees of the key: %j, and ends with a chat that is killed', async (key, flags) => {
  const {cwd, isAlive} = aliveFifo();
  const program = await editing(cwd, ...flags);
  expect(readFileSync(join(cwd, 'seen'), 'utf8')).toBe(`<${key}><><><plain>\n`);
  expect(isAlive()).toBe(true);
  program.kill('SIGKILL');
  await vi.waitFor(() => expect(isAlive()).toBe(false), 10_000);
});
