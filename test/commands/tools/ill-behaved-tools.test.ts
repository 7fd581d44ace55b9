// Tools as they come: with children, daemons, trapped signals, endless output. Real processes, and nothing left of them.
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test, vi} from 'vitest';
import {runToolCommand} from '../../../src/commands/tools/tool-command.ts';
import {aliveFifo} from '../../fixtures/alive-fifo.ts';

/** Long after the test has failed: what is still there was not ended. */
const FOREVER = 'sleep 600';
/** Against hanging; far below what the commands take by themselves. */
const SOON_MS = 15_000;

interface Run {
  readonly cwd: string;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly input?: string;
}

/** Runs a line of sh that holds `alive` open with all it starts, and gives the result or the failure, and the notes. */
async function runTool(line: string, {cwd, timeoutMs = 600_000, signal, input = '{}'}: Run) {
  const notes: string[] = [];
  const outcome = await runToolCommand(
    {name: 'tool', line: `exec 9>alive; ${line}`},
    {id: 'abcDEF123', name: 'tool', arguments: input},
    {
      ...{shell: true, timeoutMs, cwd, env: process.env, note: (text: string) => notes.push(text)},
      signal: signal ?? new AbortController().signal,
    },
  ).catch((error: unknown) => (error instanceof Error ? error.message : error));
  return {outcome, notes};
}

const ENDED = ['the tool tool left processes running; they were ended'];

test.each([
  ['a child in the background', `${FOREVER} & echo ok`, 'ok', ENDED],
  ['a child without its environment', `env -i ${FOREVER} & sleep 0.2; echo ok`, 'ok', ENDED],
  ['a child with its output elsewhere', `${FOREVER} >/dev/null 2>&1 & echo ok`, 'ok', ENDED],
  ['a child in a session of its own', `setsid ${FOREVER} & sleep 0.2; echo ok`, 'ok', ENDED],
  ['a daemon', `(setsid sh -c '${FOREVER} & ${FOREVER}' >/dev/null 2>&1 &); sleep 0.2; echo ok`, 'ok', ENDED],
  ['a child that ignores SIGTERM', `sh -c 'trap "" TERM; ${FOREVER}; ${FOREVER}' & sleep 0.2; echo ok`, 'ok', ENDED],
  ['a child that is stopped', `sh -c 'kill -STOP $$; ${FOREVER}' & sleep 0.2; echo ok`, 'ok', ENDED],
  ['100 children', `i=0; while [ $i -lt 100 ]; do ${FOREVER} & i=$((i+1)); done; echo ok`, 'ok', ENDED],
  ['a child that writes without end', 'yes >&2 & echo ok', 'ok', ENDED],
  ['a child that writes a little later', `(sleep 0.05; echo later) & echo ok`, 'ok\nlater', []],
  ['a zombie', `sh -c 'sleep 0.05 & exec sleep 0.3'; echo ok`, 'ok', []],
  ['closed streams', 'exec >&- 2>&-; sleep 0.2', '', []],
  [
    'a leader that kills itself',
    `${FOREVER} & kill -9 $$`,
    /^the command of the tool tool was killed by SIGKILL/,
    ENDED,
  ],
  [
    'a leader that kills itself beside a session',
    `setsid ${FOREVER} & sleep 0.2; kill -9 $$`,
    /^the command of the tool tool was killed by SIGKILL: it wrote nothing$/,
    ENDED,
  ],
  ['a leader that dies at once', 'exit 3', /ended with exit code 3: it wrote nothing$/, []],
])(
  'a tool is over when it exits: %s',
  async (_what, line, expected, notes) => {
    const {cwd, isAlive} = aliveFifo();
    const result = await runTool(line, {cwd});
    if (typeof expected === 'string') expect(result.outcome).toBe(expected);
    else expect(result.outcome).toMatch(expected);
    expect(result.notes).toEqual(notes);
    expect(isAlive()).toBe(false);
  },
  SOON_MS,
);

test('arguments that nobody reads do no harm', async () => {
  const {cwd} = aliveFifo();
  const input = JSON.stringify('x'.repeat(4_000_000));
  expect(await runTool('exec <&-; echo ok', {cwd, input})).toEqual({outcome: 'ok', notes: []});
  expect(await runTool('sleep 0.2; echo ok', {cwd, input})).toEqual({outcome: 'ok', notes: []});
});

const UNENDING = [
  ['a plain one', `${FOREVER}; true`],
  ['one that ignores SIGTERM', `trap '' TERM HUP INT; ${FOREVER}; ${FOREVER}; true`],
  ['one that is stopped', `kill -STOP $$; ${FOREVER}`],
  ['output without end', 'yes; true'],
  ['complaints without end', 'yes >&2; true'],
  ['closed streams', `exec >&- 2>&- <&-; ${FOREVER}; true`],
  ['a session of its own', `setsid ${FOREVER}; true`],
  ['a session of its own without its environment', `env -i setsid ${FOREVER} & wait`],
  ['one that goes on starting others', `while :; do ${FOREVER} & sleep 0.02; done`],
  [
    'one that starts others when asked to end',
    `trap 'setsid ${FOREVER} & ${FOREVER} &' TERM; while :; do sleep 0.05; done`,
  ],
] as const;

test.each(UNENDING)(
  'a time-out ends it: %s',
  async (_what, line) => {
    const {cwd, isAlive} = aliveFifo();
    const {outcome, notes} = await runTool(line, {cwd, timeoutMs: 500});
    expect(outcome).toBe('the command of the tool tool took longer than 0.5 s');
    expect(notes).toEqual([]);
    expect(isAlive()).toBe(false);
  },
  SOON_MS,
);

test.each(UNENDING)(
  'a stop ends it: %s',
  async (_what, line) => {
    const {cwd, isAlive} = aliveFifo();
    const controller = new AbortController();
    const result = runTool(line, {cwd, signal: controller.signal});
    await vi.waitFor(() => expect(isAlive()).toBe(true), 10_000);
    controller.abort('SIGINT');
    expect(await result).toEqual({outcome: 'SIGINT', notes: []});
    expect(isAlive()).toBe(false);
  },
  SOON_MS,
);

test('a process that cannot be found any more holds nobody up, and is told', async () => {
  const {cwd, isAlive} = aliveFifo();
  const hidden = `env -i setsid sh -c 'echo $$ >pid; exec ${FOREVER}'`;
  const {outcome, notes} = await runTool(`${hidden} & while [ ! -s pid ]; do sleep 0.01; done; echo ok`, {cwd});
  expect(outcome).toBe('ok');
  expect(notes).toEqual(['the tool tool left a process running that could not be ended']);
  process.kill(Number(readFileSync(join(cwd, 'pid'), 'utf8')), 'SIGKILL');
  await vi.waitFor(() => expect(isAlive()).toBe(false), 10_000);
});

test('one that was stopped before it began is not started', async () => {
  const {cwd} = aliveFifo();
  const {outcome} = await runTool('echo ran >ran', {cwd, signal: AbortSignal.abort('SIGINT')});
  expect(outcome).toBe('SIGINT');
  expect(() => readFileSync(join(cwd, 'ran'))).toThrow('ENOENT');
});
