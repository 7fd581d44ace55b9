import {expect, test} from 'vitest';
import {shellHost} from '../../../src/commands/tools/shell-host.ts';
import {fakeIo} from '../../fakes/io.ts';

const never = new AbortController().signal;
const host = (env: NodeJS.ProcessEnv = process.env) => shellHost(fakeIo(), env, false);

test('the output of both streams in their order, and how the command ended', async () => {
  const line = 'echo "out $((40 + 2))"; echo err >&2; echo again; exit 3';
  expect(await host().capture(line, never)).toEqual({text: 'out 42\nerr\nagain\n', isCut: false, exitCode: 3});
});

test('a line that the shell cannot read is its own complaint', async () => {
  const {text, exitCode} = await host().capture("echo 'open", never);
  expect(text).toMatch(/nterminated|unexpected/);
  expect(exitCode).not.toBe(0);
});

test('of a long output the first 64 KiB, without a half character and without what drives the terminal', async () => {
  const {text, isCut} = await host().capture("printf 'x\\033[2J'; yes äöü | head -c 200000", never);
  expect(isCut).toBe(true);
  expect(text.startsWith('x[2Jäöü\n')).toBe(true);
  expect(text).not.toContain('\ufffd');
  // Less the one control character, and what does not end at a character's end.
  expect(Buffer.byteLength(text)).toBeGreaterThan(65_530);
  expect(Buffer.byteLength(text)).toBeLessThan(65_536);
});

test('Esc ends it, with all it started', async () => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 200);
  const started = Date.now();
  const {exitCode} = await host().capture('sleep 30 & sleep 30', controller.signal);
  expect(exitCode).toBeNull();
  expect(Date.now() - started).toBeLessThan(10_000);
});

test('it sees what it is given of the environment', async () => {
  const env = {PATH: process.env.PATH, SEEN: 'yes'};
  const {text} = await host(env).capture('echo "$SEEN $HOME"', never);
  expect(text).toBe('yes \n');
});
