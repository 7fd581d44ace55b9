// A worker behind a network that breaks, and a server that sends nonsense: no job is lost that could be taken, none runs twice.
import {setTimeout as sleep} from 'node:timers/promises';
import {expect, onTestFinished, test, vi} from 'vitest';
import {AimeApi} from '../../../src/serve/worker/aime-api.ts';
import {Worker} from '../../../src/serve/worker/aime-worker.ts';
import {AimeServer, type Fault} from '../../fakes/aime-server.ts';
import {json} from '../../fakes/http-server.ts';
import {type Script, ScriptedBackend} from '../../fakes/scripted-backend.ts';
import {DESCRIPTION} from '../../fakes/worker-description.ts';

const CALL_MS = 400;

async function atWork(script: Script, slots = 4) {
  const server = await new AimeServer('mixtral', 'k').start();
  const backend = new ScriptedBackend(script);
  const lines: string[] = [];
  const log = (line: string) => void lines.push(line.replaceAll(server.url, 'URL'));
  const options = {
    url: server.url,
    env: {},
    jobType: 'mixtral',
    authKey: 'k',
    name: 'w',
    pollMs: 2,
    callMs: CALL_MS,
    log,
  };
  const worker = new Worker(backend, new AimeApi(options, {...DESCRIPTION, maxBatchSize: slots}), {
    slots,
    progressMs: 3,
    log,
  });
  const [stop, kill] = [new AbortController(), new AbortController()];
  const work = worker.work(stop.signal, kill.signal);
  onTestFinished(async () => {
    stop.abort();
    kill.abort();
    await work.catch(() => {});
  });
  return {server, backend, lines, stop, kill, work};
}

/** The same numbers in each run (mulberry32). */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const page = (status: number) => (response: Parameters<typeof json>[0]) =>
  response.writeHead(status, {'content-type': 'text/html'}).end('<html>proxy</html>');
const PROXY = {
  reset: (response: Parameters<typeof json>[0]) => response.destroy(),
  page500: page(500),
  page502: page(502),
  page200: page(200),
  nothing: (response: Parameters<typeof json>[0]) => json(response, null),
  text: (response: Parameters<typeof json>[0]) => json(response, 'ok'),
  half: (response: Parameters<typeof json>[0]) =>
    response.writeHead(200, {'content-length': '100'}).write('{"cmd":', () => response.destroy()),
  late: async (response: Parameters<typeof json>[0]) => {
    await sleep(2 * CALL_MS);
    if (!response.destroyed) json(response, {cmd: 'ok'});
  },
};

test.each([1, 2])('48 jobs over a network that breaks every fourth call, seed %i', {timeout: 60_000}, async (seed) => {
  const {server, backend, lines} = await atWork((request) => [
    'answer ',
    'to ',
    JSON.stringify(request).length > 0 ? 'it' : '',
  ]);
  const next = chance(seed);
  const ways = Object.values(PROXY);
  server.faults = (path): Fault | undefined => {
    if (next() > 0.25) return undefined;
    const way = ways[Math.floor(next() * ways.length)] ?? PROXY.reset;
    // Of a list of jobs that is lost on the way back the server believes that it was taken.
    const isBefore = path === '/worker_job_request' || next() < 0.5;
    return isBefore ? {before: way} : {after: way};
  };
  const jobs = Array.from({length: 48}, (_, at) => server.submit({prompt_input: `question ${at}`}));
  const results = await Promise.all(jobs.map(({result}) => result));
  expect(results.map(({text, error}) => error ?? text)).toEqual(Array.from({length: 48}, () => 'answer to it'));
  expect(backend.calls).toHaveLength(48);
  expect(lines.filter((line) => line.startsWith('job '))).toEqual([]);
  expect(lines.some((line) => line.startsWith('URL is away ('))).toBe(true);
  expect(lines).toContain('URL is back');
});

test('jobs that are none are told, and the others of their list are computed', async () => {
  const {server, lines} = await atWork(['ok'], 1);
  const odd = [null, [null], [5, 'x', []], [{}], [{job_id: 7}], [{job_id: ''}], {}, 'jobs', 17, [[{job_id: 'x'}]]];
  server.malformed.push(...odd);
  expect(await server.submit({prompt_input: 'Hi'}).result).toMatchObject({text: 'ok'});
  expect(lines).toEqual([
    'URL sent jobs that are no list; they are passed over',
    // A list of nulls is an empty one.
    'URL sent 3 jobs without an id, passed over',
    'URL sent 1 job without an id, passed over',
    'URL sent 1 job without an id, passed over',
    'URL sent 1 job without an id, passed over',
    'URL sent jobs that are no list; they are passed over',
    'URL sent jobs that are no list; they are passed over',
    'URL sent jobs that are no list; they are passed over',
    'URL sent 1 job without an id, passed over',
  ]);
});

test.each([
  [{prompt_input: 5}, 'prompt_input must be a string'],
  [{text_context: {}}, 'text_context must be a string'],
  [{prompt_input: 'x', chat_context: 'no JSON'}, /JSON/],
  [{prompt_input: 'x', chat_context: '{}'}, 'chat_context is not a list'],
  [{prompt_input: 'x', chat_context: 5}, 'chat_context is not a list'],
  [{prompt_input: 'x', chat_context: [null]}, /messages\[0\]/],
  [{prompt_input: 'x', chat_context: `${'['.repeat(1000)}${']'.repeat(1000)}`}, 'it nests deeper than 64 levels'],
  [{prompt_input: 'x', temperature: 'warm'}, /temperature/],
  [{prompt_input: 'x', max_gen_tokens: []}, /max_gen_tokens/],
])('a job with inputs of wrong types is a result with an error: %j', async (inputs, error) => {
  const {server} = await atWork(['ok']);
  const {error: said = ''} = await server.submit(inputs).result;
  if (typeof error === 'string') expect(said).toBe(error);
  else expect(said).toMatch(error);
  expect((await server.submit({prompt_input: 'Hi'}).result).text).toBe('ok');
});

test('a job that comes a second time while it runs is computed once', async () => {
  let finish = () => {};
  const gate = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const {server, backend, lines} = await atWork([() => gate, 'ok']);
  const {id, result} = server.submit({prompt_input: 'Hi'});
  await vi.waitFor(() => expect(backend.running).toBe(1));
  server.malformed.push([{job_id: id, prompt_input: 'Hi'}]);
  await vi.waitFor(() => expect(lines).toEqual([`job ${id}: it came a second time and runs once`]));
  finish();
  expect((await result).text).toBe('ok');
  expect(backend.calls).toHaveLength(1);
});

test('a failure of a proxy on the way stops no job, the server that does not know it does', async () => {
  const endless = Array.from({length: 500}, () => ['x', () => sleep(2)]).flat();
  const {server, backend} = await atWork(endless, 1);
  let failed = 0;
  server.faults = (path) => (path === '/worker_job_progress' && failed++ < 5 ? {before: PROXY.page500} : undefined);
  const {id} = server.submit({prompt_input: 'Hi'});
  await vi.waitFor(() => expect(failed).toBeGreaterThan(6));
  expect(backend.finished).toEqual([]);
  server.lapse(id);
  await vi.waitFor(() => expect(backend.finished).toEqual(['aborted']));
});

test('a result that is not taken leaves a line: unknown to the server, refused by what is before it, or stopped', async () => {
  let finish = () => {};
  const gate = () =>
    new Promise<void>((resolve) => {
      finish = resolve;
    });
  const {server, backend, lines, kill} = await atWork([gate, 'ok'], 1);
  const first = server.submit({prompt_input: '1'});
  await vi.waitFor(() => expect(backend.running).toBe(1));
  server.lapse(first.id);
  finish();
  await vi.waitFor(() =>
    expect(lines).toEqual([`job ${first.id}: its result was not delivered: the server does not take it: unknown job`]),
  );

  server.faults = (path) => (path === '/worker_job_result' ? {before: PROXY.page500} : undefined);
  const second = server.submit({prompt_input: '2'});
  await vi.waitFor(() => expect(backend.running).toBe(1));
  finish();
  await vi.waitFor(
    () => expect(lines[1]).toBe(`job ${second.id}: its result was not delivered: /worker_job_result answered 500`),
    10_000,
  );

  server.faults = (path) => (path === '/worker_job_result' ? {before: PROXY.page502} : undefined);
  const third = server.submit({prompt_input: '3'});
  await vi.waitFor(() => expect(backend.running).toBe(1));
  finish();
  await vi.waitFor(() => expect(lines).toHaveLength(3));
  kill.abort();
  await vi.waitFor(() =>
    expect(lines.slice(2)).toEqual([
      'URL takes no results (/worker_job_result answered 502); trying again',
      `job ${third.id}: its result was not delivered: the worker was stopped`,
    ]),
  );
});
