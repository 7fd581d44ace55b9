// `mistral worker` whole: its flags, its lines and its signals, with the model behind --url.
import {expect, onTestFinished, test, vi} from 'vitest';
import {run} from '../../../src/commands/program.ts';
import {AimeServer} from '../../fakes/aime-server.ts';
import {httpServer, json, sse} from '../../fakes/http-server.ts';
import {type FakeIo, fakeIo} from '../../fakes/io.ts';

interface Setup {
  readonly flags?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** Called before the model answers. */
  readonly answering?: () => unknown;
  readonly apiServer?: string;
}

/** A worker at work until the test ends; a signal is what its handler would get from the system. */
async function worker({flags = [], env = {}, answering = () => {}, apiServer}: Setup = {}) {
  const server = await new AimeServer('mixtral', 'k').start();
  const {url} = await httpServer(async (one, response) => {
    if (one.path.endsWith('/models')) return json(response, {data: [{id: 'large'}]});
    await answering();
    return sse(response, [{choices: [{delta: {content: 'Hello'}, finish_reason: 'stop'}]}]);
  });
  let interrupt = () => {};
  const io: FakeIo = {
    ...fakeIo('', env),
    captureInterrupt: (handler) => {
      interrupt = handler;
      return () => {};
    },
  };
  const argv = ['worker', '--url', `${url}/v1`, '--api-server', apiServer ?? server.url, '--job-type', 'mixtral'];
  const ended = run('mistral', [...argv, '--name', 'w', ...flags], io);
  onTestFinished(async () => {
    interrupt();
    interrupt();
    await ended;
  });
  const lines = () =>
    io.err().replaceAll(server.url, 'URL').replaceAll(new URL(url).host, 'MODEL').trimEnd().split('\n');
  return {server, io, ended, lines, signal: () => interrupt()};
}

const KEY = ['--auth-key', 'k'];

test('a job is computed, and a signal ends the worker', async () => {
  const {server, ended, lines, signal} = await worker({flags: KEY});
  expect(await server.submit({prompt_input: 'Hi'}).result).toMatchObject({text: 'Hello', model_name: 'large'});
  expect(server.logins[0]).toMatchObject({
    worker_parameters: {gpu_name: expect.stringMatching(/^remote, 127\.0\.0\.1:/), num_gpus: 0, framework: 'remote'},
    model_parameters: {label: 'large', quantization: '', size: ''},
  });
  signal();
  expect(await ended).toBe(0);
  expect(lines()).toEqual(["worker w computes 'mixtral' for URL with large (1 at a time)"]);
});

test('the key is also read from the environment', async () => {
  const {server} = await worker({env: {MISTRAL_WORKER_KEY: 'k'}});
  expect((await server.submit({prompt_input: 'Hi'}).result).text).toBe('Hello');
});

test.each<readonly [readonly string[], Setup, string]>([
  [[], {}, 'error: the key is missing\nGive --auth-key or $MISTRAL_WORKER_KEY.'],
  ...['no address', 'ftp://aime:7777', 'xhttp://aime:7777', 'aime:7777', 'file:///etc/passwd'].map(
    (apiServer) =>
      [
        KEY,
        {apiServer},
        `error: --api-server: '${apiServer}' is not an http address\nGive one such as http://aime:7777.`,
      ] as const,
  ),
])('%j is refused', async (flags, setup, message) => {
  const {ended, lines} = await worker({flags, ...setup});
  expect(await ended).toBe(2);
  expect(lines().join('\n')).toBe(message);
});

test('--api-timeout is the time for one call', async () => {
  const {server, lines} = await worker({flags: [...KEY, '--api-timeout', '0.3']});
  await server.submit({prompt_input: 'Hi'}).result;
  server.faults = (path) => (path === '/worker_job_result' ? {before: () => new Promise(() => {})} : undefined);
  server.submit({prompt_input: 'Hi'});
  await vi.waitFor(
    () => expect(lines().at(-1)).toBe('URL takes no results (not finished within 300 ms); trying again'),
    10_000,
  );
});

test('--grace is the time of running jobs after a signal', async () => {
  const {server, ended, lines, signal} = await worker({
    flags: [...KEY, '--grace', '0.2'],
    answering: () => new Promise(() => {}),
  });
  const {id, result} = server.submit({prompt_input: 'Hi'});
  await vi.waitFor(() => expect(server.batches).toEqual([1]));
  signal();
  expect(await result).toMatchObject({error: 'the worker was stopped'});
  expect(await ended).toBe(0);
  expect(lines().at(-1)).toBe(`job ${id}: the worker was stopped`);
});

test('neither a job nor a server begins a line that looks like another', async () => {
  const {server, lines} = await worker({flags: KEY, answering: () => Promise.reject(new Error('never'))});
  const id = 'x\nURL is back\u2028error: forged\u001b]0;t\u0007';
  server.malformed.push([{job_id: id, prompt_input: 5}]);
  await vi.waitFor(() => expect(lines().length).toBeGreaterThan(1));
  expect(lines()[1]).toBe('job x URL is back error: forged]0;t: prompt_input must be a string');
});
