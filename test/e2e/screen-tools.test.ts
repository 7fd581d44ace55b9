import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test, vi} from 'vitest';
import {aliveFifo} from '../fixtures/alive-fifo.ts';
import {chatPrograms} from './harness/chat-app.ts';
import type {PtyProgram} from './harness/pty.ts';

const {chat, folder} = chatPrograms();

const TOOLS = [
  {name: 'add', description: 'Adds two numbers', parameters: {type: 'object', properties: {}}},
  {name: 'sub', description: 'Takes one from another', parameters: {type: 'object', minProperties: 2}},
];
const CALL = {name: 'add', arguments: '{"a": 1, "b": 2}'};
const WAITING = /^waiting for your answer/m;

/** A chat with the tools loaded and `script` as the command of `add`. */
async function toolChat(
  script: string,
  name: string,
  options: object = {},
): Promise<{program: PtyProgram; cwd: string}> {
  const cwd = join(folder(), name);
  mkdirSync(cwd);
  writeFileSync(join(cwd, 'tools.json'), JSON.stringify(TOOLS));
  writeFileSync(join(cwd, 'add.sh'), `#!/bin/sh\n${script}\n`, {mode: 0o755});
  const program = chat({call: CALL, ...options}, {cwd});
  await program.see('ready');
  program.type('/tools tools.json\r');
  await program.see('sub: no command set. Takes one from another');
  await program.see('sub#/minProperties: this "minProperties" is not enforced');
  program.type('/tools add=./add.sh\r');
  await program.see('add: runs ./add.sh (asks first). Adds two numbers');
  return {program, cwd};
}

test('a call runs when the person says yes, every time anew', async () => {
  const {program, cwd} = await toolChat('cat >got.json; echo three', 'yes');
  program.type('add 1 and 2\r');
  await program.see('run add? 1-3');
  await program.see(WAITING);
  expect(program.text()).toContain('call add {"a": 1, "b": 2}\nruns ./add.sh');
  program.type('1');
  await program.see('It said: three');
  expect(program.text()).toMatch(/^result three$/m);
  expect(readFileSync(join(cwd, 'got.json'), 'utf8')).toBe('{"a": 1, "b": 2}');
  program.type('again\r');
  await program.see('run add? 1-3');
  program.type('\x1b[A\x1b[A\r');
  await program.until(() => program.text().split('It said: three').length === 3, 'the second answer');
});

test('always asks once', async () => {
  const {program} = await toolChat('echo three', 'always');
  program.type('one\r');
  await program.see('run add? 1-3');
  program.type('2');
  await program.see('It said: three');
  program.type('two\r');
  await program.until(() => program.text().split('It said: three').length === 3, 'the second answer');
  program.type('/tools\r');
  await program.see('add: runs ./add.sh. Adds');
});

test('Enter refuses, and the model hears of it; what was being typed stays in the prompt', async () => {
  const {program} = await toolChat('echo three >ran', 'no', {prefillMs: 300});
  program.type('add\r');
  await program.see('reading the prompt');
  program.type('my 1');
  await program.see('run add? 1-3');
  program.type('2 draft');
  await program.see('> my 12 draft');
  program.type('\r');
  await program.see('It said: Error: the user refused this call');
  await program.see('> my 12 draft');
  expect(program.text()).not.toContain('three');
});

test.each([
  ['Esc', '\x1b'],
  ['Ctrl-C', '\x03'],
])('%s at the question stops the answer', async (name, key) => {
  const {program} = await toolChat('echo three', name);
  program.type('add\r');
  await program.see('run add? 1-3');
  program.type(key);
  await program.see('stopped (/regen to try again)');
  expect(program.text()).toMatch(/^result Error: the user stopped this call\.$/m);
  program.type('/tools off\r');
  await program.see('no tools');
  program.type('hello\r');
  await program.see('You said: hello');
});

test('Ctrl-C while a tool runs ends it with all it started, and gives the prompt back', async () => {
  const {program, cwd} = await toolChat('echo $$ >pid; sleep 1000 & wait', 'stop');
  program.type('add\r');
  await program.see('run add? 1-3');
  program.type('1');
  await program.see('running add');
  await program.until(() => pidIn(cwd) > 0, 'the process of the tool');
  program.type('\x03');
  await program.see('stopped (/regen to try again)');
  await program.until(() => !isAlive(-pidIn(cwd)), 'the end of its process group');
  program.type('/tools off\rhello\r');
  await program.see('You said: hello');
});

test('a daemon that a tool leaves behind holds nobody up, is ended, and is told', async () => {
  const {program, cwd} = await toolChat(
    'setsid sh -c "echo \\$\\$ >pid; exec sleep 1000" & sleep 0.3; echo three',
    'daemon',
  );
  program.type('add\r');
  await program.see('run add? 1-3');
  program.type('1');
  await program.see('It said: three');
  expect(program.text()).toContain('note: the tool add left processes running; they were ended');
  expect(pidIn(cwd)).toBeGreaterThan(0);
  await program.until(() => !isAlive(pidIn(cwd)), 'the end of the daemon');
});

test('a tool without a command, one that fails, and arguments longer than a row', async () => {
  const {program} = await toolChat('echo it broke >&2; exit 3', 'fails', {
    call: {name: 'add', arguments: JSON.stringify({a: 'x'.repeat(100), b: 'the end'})},
  });
  program.type('add\r');
  await program.see('run add? 1-3');
  await program.see(/^with \{"a":"x+\nx+","b":"the end"\}/m);
  program.type('1');
  await program.see('It said: Error: the command of the tool add ended with exit code 3: it broke');
  program.type('/tools tools.json\radd\r');
  await program.see('result Error: no command is set for add; set one with /tools add=COMMAND');
});

test('Ctrl+O prints the whole of a result of which one row was shown', async () => {
  const {program} = await toolChat('seq -f "line %g" 40', 'expand', {reply: 'Done.'});
  program.type('add\r');
  await program.see('run add? 1-3');
  program.type('1');
  await program.see(/^Done\.$/m);
  await program.see(/^ready/m);
  expect(program.text()).toMatch(/^result line 1 line 2 .*…$/m);
  expect(program.text()).not.toContain('line 40');
  program.type('\x0f');
  await program.see(/^line 40$/m);
  expect(program.text()).toMatch(/^Done\.\n\nline 1\nline 2\n/m);
});

test('bad tools are refused with the reason', async () => {
  const {program, cwd} = await toolChat('true', 'bad');
  writeFileSync(join(cwd, 'bad.json'), '[{"name": 1}]');
  program.type('/tools missing.json\r');
  await program.see('missing.json');
  program.type('/tools bad.json\r');
  await program.see('tools[0].name must be a string');
  program.type('/tools mul=true\r');
  await program.see('there is no tool called mul');
  program.type('/tools\r');
  await program.see(/add: runs \.\/add\.sh \(asks[\s\S]*add: runs \.\/add\.sh \(asks/);
});

test('the question is answered in a terminal of three rows', async () => {
  const {program} = await toolChat('echo three', 'small');
  await program.resize(40, 3);
  program.type('add\r');
  await program.see('> 3 No (the model is told)');
  program.type('\x1b[A\x1b[A');
  await program.see('> 1 Yes, once');
  program.type('\r');
  await program.see('It said: three');
});

test.each(['SIGHUP', 'SIGTERM', 'SIGKILL'])(
  'a tool that left the session ends with the screen at %s',
  async (signal) => {
    const fifo = aliveFifo();
    const alive = join(fifo.cwd, 'alive');
    const ill = `exec 9>'${alive}'; setsid sleep 600 & trap '' TERM HUP; sleep 600; sleep 600`;
    const {program} = await toolChat(ill, `gone-${signal}`);
    program.type('add\r');
    await program.see('run add? 1-3');
    program.type('1');
    await vi.waitFor(() => expect(fifo.isAlive()).toBe(true), 20_000);
    program.kill(signal);
    await program.exited();
    await vi.waitFor(() => expect(fifo.isAlive()).toBe(false), 10_000);
  },
);

function pidIn(cwd: string): number {
  try {
    return Number(readFileSync(join(cwd, 'pid'), 'utf8'));
  } catch {
    return 0;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
