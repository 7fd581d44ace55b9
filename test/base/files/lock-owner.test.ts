import {readFileSync, readlinkSync} from 'node:fs';
import {hostname} from 'node:os';
import {expect, test} from 'vitest';
import {isAlive, thisProcess} from '../../../src/base/files/lock-owner.ts';
import {childProgram, startChild} from '../../fixtures/child-program.ts';

const MARK = `
  import {thisProcess} from './base/files/lock-owner.ts';
  // A command's name may hold what looks like the end of it.
  process.title = 'a) Z 1 2';
  console.log(JSON.stringify(thisProcess.mark));
  process.stdin.resume();
`;

test('a process is known by its number and its start, until it ends', async () => {
  const child = startChild(childProgram(MARK));
  const mark = JSON.parse((await child.line()) ?? '') as typeof thisProcess.mark;
  expect(mark).toMatchObject({host: thisProcess.mark.host, pid: child.process.pid});
  expect(isAlive(mark)).toBe(true);
  expect(isAlive({...mark, start: ''})).toBe(true);
  expect(isAlive({...mark, start: thisProcess.mark.start})).toBe(false);
  child.process.kill('SIGKILL');
  await child.ended;
  expect(isAlive(mark)).toBe(false);
});

test.runIf(process.platform === 'linux')(
  'a killed process that nobody has taken notice of does not count',
  async () => {
    // A shell that never waits for what it starts.
    const program = childProgram(`
    import {spawn} from 'node:child_process';
    const shell = spawn('sh', ['-c', 'sleep 30 & echo $!; exec sleep 30'], {stdio: ['ignore', 'pipe', 'ignore']});
    shell.stdout.on('data', (pid) => {
      process.kill(Number(pid), 'SIGKILL');
      console.log(String(pid).trim());
    });
    process.stdin.on('end', () => shell.kill('SIGKILL')).resume();
  `);
    const child = startChild(program);
    const pid = Number(await child.line());
    const deadline = Date.now() + 2000;
    while (isAlive({pid, start: ''}) && Date.now() < deadline);
    expect(/\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.[1]).toBe('Z');
    expect(isAlive({pid, start: ''})).toBe(false);
    child.process.stdin?.end();
    await child.ended;
  },
);

test.runIf(process.platform === 'linux')('the host is the machine and the container in it', () => {
  expect(thisProcess.mark.host).toBe(`${hostname()} ${readlinkSync('/proc/self/ns/pid')}`);
});
