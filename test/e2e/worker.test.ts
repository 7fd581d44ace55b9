// The built worker with the real engine: what its supervisor makes of a crash, a kill and a signal, and the next worker.
import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, expect, onTestFinished, test, vi} from 'vitest';
import {AimeServer} from '../fakes/aime-server.ts';
import {randomModel, TINY_SHAPE} from '../fixtures/random-model.ts';

const PROGRAM = new URL('../../bin/mistral.js', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'worker-'));
const model = join(folder, 'tiny.gguf');
beforeAll(() => writeFileSync(model, randomModel(TINY_SHAPE)));
afterAll(() => rmSync(folder, {recursive: true}));

/** Starts a worker; `engine` is the process that computes, as its login names it. */
async function worker(server: AimeServer, ...flags: readonly string[]) {
  const before = server.logins.length;
  const own = ['--api-server', server.url, '--job-type', 'mixtral', '--auth-key', 'k'];
  const argv = ['worker', model, ...own, '--gpu', 'off', '--threads', '1', '--ctx', '65536', ...flags];
  const child = spawn(process.execPath, [PROGRAM, ...argv], {stdio: ['ignore', 'ignore', 'pipe']});
  onTestFinished(() => void child.kill('SIGKILL'));
  let text = '';
  child.stderr.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  await vi.waitFor(() => expect(server.logins.length, text).toBeGreaterThan(before), 30_000);
  const engine = Number(/#(\d+)$/.exec(String(server.logins.at(-1)?.worker_parameters.auth))?.[1]);
  return {child, stderr: () => text, engine};
}

const exitOf = async (child: ChildProcess) => (await once(child, 'exit')) as [number | null, string | null];
const isThere = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};
/** A job that runs for as long as a test may take. */
const ENDLESS = {prompt_input: 'Hi', max_gen_tokens: 60_000, logit_bias: {2: -100}};
const SHORT = {prompt_input: 'Hi', max_gen_tokens: 3, logit_bias: {2: -100}};

test.each([
  ['SIGSEGV', 'SIGSEGV, 139'],
  ['SIGABRT', 'SIGABRT, 134'],
  ['SIGKILL', 'SIGKILL, 137'],
] as const)(
  'an engine that is ended by %s in the middle of a job is told, and the next worker works on',
  async (signal, told) => {
    const server = await new AimeServer('mixtral', 'k').start();
    const {child, stderr, engine} = await worker(server);
    expect(engine).not.toBe(child.pid);
    const lost = server.submit(ENDLESS);
    await vi.waitFor(() => expect(lost.progress.length).toBeGreaterThan(0), 20_000);
    process.kill(engine, signal);
    expect(await exitOf(child)).toEqual([5, null]);
    expect(stderr()).toContain(`error: the engine crashed (${told})`);
    server.lapse(lost.id);
    await worker(server);
    expect(await server.submit(SHORT).result).toMatchObject({num_generated_tokens: 3});
  },
  90_000,
);

test('a worker whose supervisor is killed ends too', async () => {
  const server = await new AimeServer('mixtral', 'k').start();
  const {child, engine} = await worker(server, '--grace', '1');
  child.kill('SIGKILL');
  await vi.waitFor(() => expect(isThere(engine)).toBe(false), 15_000);
}, 60_000);

test('SIGTERM finishes and delivers what runs, and takes nothing new; the login names the machine and the model', async () => {
  const server = await new AimeServer('mixtral', 'k').start();
  const {child, stderr} = await worker(server, '--grace', '60');
  expect(server.logins[0]).toMatchObject({
    worker_parameters: {
      gpu_name: expect.stringMatching(/^CPU, 1 thread/),
      num_gpus: 0,
      framework: 'llama.cpp',
      framework_version: expect.stringMatching(/\d/),
    },
    model_parameters: {label: 'tiny', size: expect.stringMatching(/^\d/)},
  });
  const running = server.submit({...ENDLESS, max_gen_tokens: 1500});
  await vi.waitFor(() => expect(running.progress.length).toBeGreaterThan(0), 20_000);
  child.kill('SIGTERM');
  const late = server.submit(SHORT);
  expect((await running.result).num_generated_tokens).toBe(1500);
  expect(await exitOf(child)).toEqual([0, null]);
  expect(late.progress).toEqual([]);
  expect(stderr()).not.toContain('error');
}, 60_000);
