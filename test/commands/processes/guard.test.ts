// Whatever ends this program ends what it has started.
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test, vi} from 'vitest';
import {aliveFifo} from '../../fixtures/alive-fifo.ts';
import {childProgram, startChild} from '../../fixtures/child-program.ts';

/** Runs a line of sh to its end in the folder given; with a second argument it exits itself in the middle. */
const RUNNER = `
import {runToEnd} from './commands/processes/run-to-end.ts';
const [cwd = '', line = '', how] = process.argv.slice(2);
console.log('started');
if (how === 'exit') setTimeout(() => process.exit(0), 500);
if (how === 'throw') setTimeout(() => { throw new Error('on purpose'); }, 500);
const {output} = await runToEnd('sh', ['-c', line], {
  ...{cwd, env: process.env, input: '', signal: new AbortController().signal, maxBytes: 1000},
});
console.log(String(output));
`;

const LINES = [
  ['a program', 'exec 9>alive; sleep 600; true'],
  ['one that ignores signals', `exec 9>alive; trap '' TERM HUP INT; sleep 600; sleep 600`],
  ['one that is stopped', 'exec 9>alive; kill -STOP $$'],
  ['one with a daemon', 'exec 9>alive; setsid sleep 600 & sleep 600'],
] as const;

test.each(LINES.flatMap(([what, line]) => [[what, 'SIGKILL', line] as const, [what, 'SIGHUP', line] as const]))(
  '%s ends with the program that started it by %s',
  async (_what, signal, line) => {
    const {cwd, isAlive} = aliveFifo();
    const runner = startChild(childProgram(RUNNER), cwd, line);
    expect(await runner.line()).toBe('started');
    await vi.waitFor(() => expect(isAlive()).toBe(true), 10_000);
    runner.process.kill(signal);
    await vi.waitFor(() => expect(isAlive()).toBe(false), 10_000);
  },
);

test.each(['exit', 'throw'])('a program that ends by %s leaves nothing', async (how) => {
  const {cwd, isAlive} = aliveFifo();
  const runner = startChild(
    childProgram(`process.on('uncaughtException', () => process.exit(1));${RUNNER}`),
    cwd,
    LINES[0][1],
    how,
  );
  await runner.ended;
  await vi.waitFor(() => expect(isAlive()).toBe(false), 10_000);
});

test('what has no mark and ignores the signal is killed when its time is over', async () => {
  const {cwd, isAlive} = aliveFifo();
  const runner = startChild(
    childProgram(`
import {spawn} from 'node:child_process';
import {guard} from './commands/processes/guard.ts';
const {watch} = guard({signal: 'SIGTERM', graceMs: 500});
const line = "trap '' TERM; exec 9>alive; while :; do sleep 1; done";
watch(-(spawn('sh', ['-c', line], {cwd: process.argv[2], detached: true, stdio: 'ignore'}).pid ?? 0));
console.log('watching');
setInterval(() => {}, 1000);
`),
    cwd,
  );
  expect(await runner.line()).toBe('watching');
  await vi.waitFor(() => expect(isAlive()).toBe(true), 10_000);
  runner.process.kill('SIGKILL');
  await vi.waitFor(() => expect(isAlive()).toBe(false), 10_000);
});

test('one that cannot be started has no watcher either', async () => {
  const {cwd} = aliveFifo();
  const runner = startChild(
    childProgram(`
import {setTimeout as sleep} from 'node:timers/promises';
import {livingProcesses} from './commands/processes/process-table.ts';
import {runToEnd} from './commands/processes/run-to-end.ts';
const options = {env: {}, input: '', signal: new AbortController().signal, maxBytes: 1000};
const tooLong = 'x'.repeat(300_000);
for (const [program, args, cwd] of [['true', [tooLong], '/'], ['/no/such/program', [], '/'], ['true', [], '/no/such']]) {
  console.log(await runToEnd(program, args, {...options, cwd}).catch(({code}) => code));
}
for (let left = 1, n = 0; left > 0 && n < 100; n++) {
  await sleep(50);
  left = livingProcesses({group: process.pid, mark: 'of nobody'})?.length ?? 0;
  if (left === 0) console.log('no watcher');
}
`),
    cwd,
  );
  expect(await runner.line()).toBe('E2BIG');
  expect(await runner.line()).toBe('ENOENT');
  expect(await runner.line()).toBe('ENOENT');
  expect(await runner.line()).toBe('no watcher');
});

test('a program that is over has no watcher any more', async () => {
  const {cwd} = aliveFifo();
  const watchers = `grep -ls 'read -r signal tries' /proc/[0-9]*/cmdline >watchers; echo done`;
  const runner = startChild(childProgram(RUNNER), cwd, watchers);
  expect(await runner.line()).toBe('started');
  expect(await runner.line()).toBe('done');
  expect(await runner.ended).toEqual({code: 0, signal: null});
  const seen = readFileSync(join(cwd, 'watchers'), 'utf8').trim().split('\n');
  expect(seen.some((file) => file.startsWith('/proc/'))).toBe(true);
  await vi.waitFor(() => expect(seen.filter(isWatcher)).toEqual([]), 10_000);
});

function isWatcher(file: string): boolean {
  try {
    return readFileSync(file, 'utf8').includes('read -r signal tries');
  } catch {
    return false;
  }
}
