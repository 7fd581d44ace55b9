import {existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {expect, onTestFinished, test} from 'vitest';
import {isLocked, type Lock, tryLock, withLock} from '../../../src/base/files/lock.ts';
import {type LockOwner, thisProcess} from '../../../src/base/files/lock-owner.ts';
import {childProgram, startChild} from '../../fixtures/child-program.ts';
import {folderWith} from '../../fixtures/folder.ts';

const never = new AbortController().signal;
const COUNT = 200;
const RACER = `
  import {tryLock} from './base/files/lock.ts';
  const [folder, count, start] = process.argv.slice(2);
  const held = [];
  for (let n = 0; n < Number(count); n += 1) {
    // At the same moments in all of them; a process that is late takes them as fast as it can.
    while (Date.now() < Number(start) + n * 2);
    if (tryLock(folder + '/' + n + '.lock')) held.push(n);
  }
  console.log(JSON.stringify(held));
  process.stdin.resume();
`;

/** Locks taken by several processes at the same moments: how many processes hold each. */
async function race(racers: number, folder: string): Promise<number[]> {
  const program = childProgram(RACER);
  const start = String(Date.now() + 700);
  const children = Array.from({length: racers}, () => startChild(program, folder, String(COUNT), start));
  const held = (await Promise.all(children.map((child) => child.line()))).map(
    (line) => JSON.parse(line ?? '[]') as number[],
  );
  for (const child of children) child.process.stdin?.end();
  await Promise.all(children.map((child) => child.ended));
  return Array.from({length: COUNT}, (_, n) => held.filter((list) => list.includes(n)).length);
}

test.each([2, 4])(
  '%i processes that want the same locks at once: each has one holder',
  async (racers) => {
    expect(await race(racers, folderWith())).toEqual(Array(COUNT).fill(1));
  },
  30_000,
);

test.each([2, 4])(
  '%i processes that find the locks of one that was killed: each has one holder',
  async (racers) => {
    const folder = folderWith();
    const first = startChild(childProgram(RACER), folder, String(COUNT), '0');
    expect(JSON.parse((await first.line()) ?? '')).toHaveLength(COUNT);
    first.process.kill('SIGKILL');
    expect(await first.ended).toEqual({code: null, signal: 'SIGKILL'});
    expect(readdirSync(folder)).toHaveLength(COUNT);
    expect(await race(racers, folder)).toEqual(Array(COUNT).fill(1));
  },
  30_000,
);

/** A process as the locks see it. */
const owner = (pid: number, host: string, start = '1'): LockOwner => ({
  mark: {host, pid, start},
  isAlive: (mark) => mark.pid < 100,
});

function take(path: string, by?: LockOwner): Lock | undefined {
  const lock = tryLock(path, by);
  onTestFinished(() => lock?.release());
  return lock;
}

const aged = (path: string, seconds: number) =>
  utimesSync(path, Date.now() / 1000 - seconds, Date.now() / 1000 - seconds);

test('a lock is for its owner only, says who that is, and is gone when released', () => {
  const path = join(folderWith(), 'a.lock');
  const lock = take(path);
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({pid: process.pid, host: thisProcess.mark.host});
  expect(isLocked(path)).toBe(true);
  expect(take(path)).toBeUndefined();
  lock?.release();
  lock?.release();
  expect(isLocked(path)).toBe(false);
  expect(existsSync(path)).toBe(false);
  expect(take(path)).toBeDefined();
});

test('a reused process number does not hold the lock of the one before it', () => {
  const path = join(folderWith(), 'a.lock');
  const mark = thisProcess.mark;
  writeFileSync(path, JSON.stringify({...mark, start: `${mark.start}0`}));
  expect(take(path)).toBeDefined();
});

test.each([
  ['was made just now', '', 0, false],
  ['was never written', '', 11, true],
  ['is damaged', '\u0000\u0000\u0000', 11, true],
  ['is damaged and new', '{"pid":', 0, false],
  ['is of a time to come', '', -1000, true],
  ['of an earlier version', '4711', 11, true],
  ['names a process number alone', '1', 0, true],
  ['is another text', 'mine\n', 0, true],
  ['is whole and names nobody', '{}', 0, true],
  ['has its fields wrong', '{"host":1,"pid":-5,"start":{}}', 11, true],
  ['is no lock but something larger', 'x'.repeat(2000), 1000, false],
])('a lock file that %s', (_, text, age, taken) => {
  const folder = folderWith({'a.lock': text});
  aged(join(folder, 'a.lock'), age);
  expect(take(join(folder, 'a.lock')) !== undefined).toBe(taken);
  expect(readFileSync(join(folder, 'a.lock'), 'utf8') === text).toBe(!taken);
});

test("an earlier version's lock was a folder: it is taken over when it is old, and a full one never", () => {
  const folder = folderWith({'full.lock/thesis.txt': 'x'});
  mkdirSync(join(folder, 'a.lock'));
  expect(take(join(folder, 'a.lock'))).toBeUndefined();
  aged(join(folder, 'a.lock'), 11);
  expect(take(join(folder, 'a.lock'))).toBeDefined();
  aged(join(folder, 'full.lock'), 11);
  expect(() => take(join(folder, 'full.lock'))).toThrow('ENOTEMPTY');
  expect(readdirSync(folder).sort()).toEqual(['a.lock', 'full.lock']);
});

test('a lock of another machine holds for 20 seconds after it was touched', () => {
  const path = join(folderWith(), 'a.lock');
  const there = take(path, owner(500, 'there'));
  expect(take(path)).toBeUndefined();
  aged(path, 18);
  expect(take(path)).toBeUndefined();
  aged(path, 22);
  expect(take(path)).toBeDefined();
  there?.release();
  expect(isLocked(path)).toBe(true);
});

test('a held lock is touched, so that other machines see it as alive; one that was taken over is told', async () => {
  const path = join(folderWith(), 'a.lock');
  const lock = take(path, owner(1, 'here'));
  aged(path, 1000);
  await sleep(2300);
  expect(take(path, owner(2, 'there'))).toBeUndefined();
  expect(lock?.lost.aborted).toBe(false);
  aged(path, 1000);
  const other = take(path, owner(2, 'there'));
  await sleep(2300);
  expect(lock?.lost.aborted).toBe(true);
  lock?.release();
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({host: 'there'});
  other?.release();
  expect(existsSync(path)).toBe(false);
}, 10_000);

test('a takeover that was begun and left is cleared away, a fresh one is not disturbed', () => {
  const folder = folderWith({'a.lock': JSON.stringify(owner(500, 'here').mark), 'a.lock.takeover': 'x'});
  const path = join(folder, 'a.lock');
  const me = owner(1, 'here');
  expect(take(path, me)).toBeUndefined();
  expect(readdirSync(folder)).toEqual(['a.lock', 'a.lock.takeover']);
  aged(`${path}.takeover`, 11);
  expect(take(path, me)).toBeUndefined();
  expect(take(path, me)).toBeDefined();
  expect(readdirSync(folder)).toEqual(['a.lock']);
});

test('work under a lock: one after the other, and the second says who it waited for', async () => {
  const path = join(folderWith(), 'a');
  const order: string[] = [];
  const options = {signal: never, busy: 'is being written by another process'};
  const first = withLock(path, options, async () => {
    await sleep(400);
    order.push('first');
  });
  const impatient = withLock(path, {...options, patienceMs: 0}, async () => void order.push('never'));
  await expect(impatient).rejects.toMatchObject({
    code: 'model_busy',
    message: `${path} is being written by another process`,
    hint: 'Wait until it has finished.',
  });
  await Promise.all([first, withLock(path, options, async () => void order.push('second'))]);
  expect(order).toEqual(['first', 'second']);
  expect(readdirSync(join(path, '..'))).toEqual([]);
});

const THERE = JSON.stringify({...owner(2, 'there').mark, id: 'x'});

test.each([
  ['of another machine that is not touched any more', THERE, 19],
  ['that was made and never written', '', 9.5],
])('a lock %s is waited for until it counts as left behind, without patience too', async (_, text, age) => {
  const path = join(folderWith(), 'a');
  writeFileSync(`${path}.lock`, text);
  aged(`${path}.lock`, age);
  const options = {signal: never, patienceMs: 0, busy: 'is busy'};
  expect(await withLock(path, options, async () => 'done')).toBe('done');
});

test('one of another machine that is touched meanwhile is held, and one that holds no lock at all is no lock', async () => {
  const path = join(folderWith(), 'a');
  writeFileSync(`${path}.lock`, THERE);
  const touching = setInterval(() => aged(`${path}.lock`, 0), 300);
  onTestFinished(() => clearInterval(touching));
  const options = {signal: never, patienceMs: 0, busy: 'is busy'};
  const began = performance.now();
  await expect(withLock(path, options, async () => 'never')).rejects.toMatchObject({code: 'model_busy'});
  writeFileSync(`${path}b.lock`, 'x'.repeat(2000));
  await expect(withLock(`${path}b`, options, async () => 'never')).rejects.toMatchObject({code: 'model_busy'});
  expect(performance.now() - began).toBeLessThan(4000);
});

test('work whose lock is taken over on the way stops and is begun again', async () => {
  const path = join(folderWith(), 'a');
  let runs = 0;
  const work = async (signal: AbortSignal) => {
    runs += 1;
    if (runs > 1) return 'done';
    aged(`${path}.lock`, 1000);
    const other = tryLock(`${path}.lock`, owner(2, 'there'));
    expect(other).toBeDefined();
    await sleep(10_000, undefined, {signal}).finally(() => other?.release());
    return 'never';
  };
  expect(await withLock(path, {signal: never, busy: 'is busy'}, work)).toBe('done');
  expect(runs).toBe(2);
}, 15_000);

test('a stop ends the wait and the work', async () => {
  const path = join(folderWith(), 'a');
  take(`${path}.lock`);
  const stop = AbortSignal.timeout(50);
  await expect(withLock(path, {signal: stop, busy: 'is busy'}, async () => {})).rejects.toThrow(/abort/);
});

test('a folder that takes no lock is told as such', async () => {
  const path = join(folderWith({file: ''}), 'file', 'a');
  await expect(withLock(path, {signal: never, busy: 'is busy'}, async () => {})).rejects.toMatchObject({
    code: 'io',
    message: `${path}.lock cannot be written: a part of its path is not a folder`,
  });
});
