import {setTimeout as sleep} from 'node:timers/promises';
import {expect, onTestFinished, test, vi} from 'vitest';
import {EngineError} from '../../../src/base/errors.ts';
import {AimeApi} from '../../../src/serve/worker/aime-api.ts';
import {Worker} from '../../../src/serve/worker/aime-worker.ts';
import {AimeServer} from '../../fakes/aime-server.ts';
import {httpServer, json} from '../../fakes/http-server.ts';
import {type Script, ScriptedBackend} from '../../fakes/scripted-backend.ts';
import {DESCRIPTION} from '../../fakes/worker-description.ts';
import {proxyServer} from '../../fixtures/proxy-server.ts';

interface Setup {
  readonly script?: Script;
  readonly slots?: number;
  readonly key?: string;
  readonly jobType?: string;
  readonly progressMs?: number;
  /** Where the worker's log goes. */
  readonly log?: string[];
}

/** A worker on a scripted backend, at work until the test ends. */
async function setUp({script, slots = 1, key = 'k', jobType = 'mixtral', progressMs = 5, log = []}: Setup = {}) {
  const server = await new AimeServer('mixtral', 'k').start();
  const backend = new ScriptedBackend(script);
  const api = new AimeApi(
    {url: server.url, env: {}, jobType, authKey: key, name: 'w', pollMs: 5, log: (line) => log.push(line)},
    {...DESCRIPTION, maxBatchSize: slots},
  );
  const worker = new Worker(backend, api, {slots, progressMs, log: (line) => log.push(line)});
  const [stop, kill] = [new AbortController(), new AbortController()];
  const work = worker.work(stop.signal, kill.signal);
  onTestFinished(async () => {
    stop.abort();
    kill.abort();
    await work.catch(() => {});
  });
  return {server, backend, work, stop, kill};
}

test('a job is computed and its result has the counts the server passes on', async () => {
  const {server, backend} = await setUp({script: ['Hello', ' there']});
  const {result} = server.submit({
    prompt_input: 'Hi',
    chat_context: [{role: 'system', content: 'Be brief'}],
    top_k: 5,
    top_p: 0.5,
    temperature: 0.1,
    max_gen_tokens: 7,
  });
  expect(await result).toMatchObject({
    text: 'Hello there',
    model_name: 'scripted',
    max_seq_len: 256,
    num_generated_tokens: 2,
    prompt_length: 14,
    current_context_length: 16,
    metrics: {in_num_tokens: 14, out_num_tokens: 2},
  });
  expect(backend.calls).toEqual([
    {
      kind: 'chat',
      request: {
        messages: [
          {role: 'system', content: 'Be brief'},
          {role: 'user', content: 'Hi'},
        ],
        sampling: {temperature: 0.1, topP: 0.5, topK: 5, maxTokens: 7},
      },
    },
  ]);
});

test('without parameters the endpoint defaults hold; a context may be JSON text, or plain text', async () => {
  const {server, backend} = await setUp({script: ['x']});
  await server.submit({chat_context: '[{"role":"user","content":"Hi"}]', prompt_input: ''}).result;
  await server.submit({text_context: 'Once', prompt_input: ' upon'}).result;
  expect(backend.calls).toMatchObject([
    {
      kind: 'chat',
      request: {
        messages: [{role: 'user', content: 'Hi'}],
        sampling: {temperature: 0.8, topP: 0.9, topK: 40, maxTokens: 2000},
      },
    },
    {kind: 'complete', request: {prompt: 'Once upon'}},
  ]);
});

test('what is out of range fails its job with the name the job gave it', async () => {
  const {server, backend} = await setUp({script: ['x']});
  const failed = async (fields: object) => (await server.submit({prompt_input: 'Hi', ...fields}).result).error;
  expect(await failed({max_gen_tokens: 1.5})).toBe('max_gen_tokens must be an integer, at least 0, or -1.');
  expect(await failed({temperature: 101})).toBe('temperature must be a number from 0 to 100.');
  expect(await failed({top_k: -1, top_p: 0, seed: 4294967301, max_gen_tokens: null})).toBeUndefined();
  expect(backend.calls.map(({request: {sampling}}) => sampling)).toEqual([
    {temperature: 0.8, topP: 0.9, topK: 1, seed: 5, maxTokens: 2000},
  ]);
});

test('progress is all of the text so far, only ever grows, and comes no faster than its pace', async () => {
  let told = () => 0;
  const until = (count: number) => () => vi.waitFor(() => expect(told()).toBe(count), 20_000);
  const {server} = await setUp({script: ['a', until(1), 'b', 'c', until(2), 'd'], progressMs: 200});
  const {result, progress} = server.submit({prompt_input: 'Hi'});
  told = () => progress.length;
  expect((await result).text).toBe('abcd');
  expect(progress.map(({text}) => text)).toEqual(['a', 'abc']);
  const [first, second] = progress.map(({at}) => at);
  expect((second ?? 0) - (first ?? 0)).toBeGreaterThan(100);
});

test('free slots are filled while others compute', async () => {
  const gates: (() => void)[] = [];
  const script = () => [() => new Promise<void>((resolve) => gates.push(resolve)), 'x'];
  const {server, backend} = await setUp({script, slots: 2});
  const first = server.submit({prompt_input: '1'});
  await vi.waitFor(() => expect(backend.running).toBe(1));
  const [second, third] = [server.submit({prompt_input: '2'}), server.submit({prompt_input: '3'})];
  await vi.waitFor(() => expect(backend.running).toBe(2));
  gates.shift()?.();
  await first.result;
  await vi.waitFor(() => expect(gates).toHaveLength(2));
  for (const open of gates) open();
  await Promise.all([second.result, third.result]);
  expect(server.batches).toEqual([1, 1, 1]);
});

test('a bad context and a failing backend are results with an error, and the worker goes on', async () => {
  let fails = true;
  const script = () => [
    () => {
      if (fails) throw new Error('out of memory');
    },
    'ok',
  ];
  const log: string[] = [];
  const {server} = await setUp({script, log});
  expect(await server.submit({chat_context: '{', prompt_input: ''}).result).toMatchObject({error: expect.any(String)});
  expect(await server.submit({chat_context: [{role: 'zzz', content: ''}]}).result).toMatchObject({
    error: expect.stringContaining('role'),
  });
  const {id, result} = server.submit({prompt_input: 'Hi'});
  expect(await result).toMatchObject({error: 'out of memory'});
  fails = false;
  expect(await server.submit({prompt_input: 'Hi'}).result).toMatchObject({text: 'ok'});
  // Whoever runs the worker reads of each as well, and of the job that went well nothing.
  expect(log).toEqual([
    expect.stringMatching(/^job \S+: /),
    expect.stringMatching(/^job \S+: .*role/),
    `job ${id}: out of memory`,
  ]);
});

test('what the machine and the model are is told at the login', async () => {
  const {server} = await setUp({slots: 3});
  await vi.waitFor(() => expect(server.logins).toHaveLength(1));
  expect(server.logins[0]).toEqual({
    worker_parameters: {
      auth: 'w',
      job_type: 'mixtral',
      auth_key: 'k',
      interface_version: 'mistral-chat',
      version: 0,
      gpu_name: 'CPU, 1 thread',
      num_gpus: 0,
      framework: 'llama.cpp',
      framework_version: 'b1',
      pytorch_version: '',
      max_batch_size: 3,
    },
    model_parameters: {label: 'm', quantization: 'Q8_0', size: '7B', family: 'Mistral', type: 'LLM', repo_name: ''},
  });
});

test('a server that is away is told of once, and when it is back', async () => {
  const log: string[] = [];
  const {server} = await setUp({script: ['ok'], log});
  await server.submit({prompt_input: '1'}).result;
  server.offline = true;
  await vi.waitFor(() => expect(log).toHaveLength(1));
  await sleep(50);
  expect(log).toEqual([`${server.url} is away (/worker_job_request answered 503); trying again`]);
  server.offline = false;
  await vi.waitFor(() => expect(log[1]).toBe(`${server.url} is back`));
  expect((await server.submit({prompt_input: '2'}).result).text).toBe('ok');
  expect(log).toHaveLength(2);
});

test('a server that takes no results is told of, and when it takes them again', async () => {
  const log: string[] = [];
  const {server} = await setUp({script: ['ok'], log});
  server.faults = (path) =>
    path === '/worker_job_result' ? {before: (response) => json(response, {}, 502)} : undefined;
  const {result} = server.submit({prompt_input: '1'});
  await vi.waitFor(() => expect(log).toHaveLength(1));
  await sleep(50);
  server.faults = () => undefined;
  expect((await result).text).toBe('ok');
  await vi.waitFor(() =>
    expect(log).toEqual([
      `${server.url} takes no results (/worker_job_result answered 502); trying again`,
      `${server.url} takes results again`,
    ]),
  );
});

test('a restarted server is logged in to again, one that was away is waited for', async () => {
  const {server} = await setUp({script: ['ok']});
  await server.submit({prompt_input: '1'}).result;
  server.restart();
  expect((await server.submit({prompt_input: '2'}).result).text).toBe('ok');
  server.offline = true;
  await sleep(30);
  server.restart();
  server.offline = false;
  expect((await server.submit({prompt_input: '3'}).result).text).toBe('ok');
});

test('a result waits for a server that is away', async () => {
  let server: AimeServer | undefined;
  const goAway = () => {
    if (server) server.offline = true;
  };
  const setup = await setUp({script: ['ok', goAway]});
  server = setup.server;
  const {result} = server.submit({prompt_input: '1'});
  await vi.waitFor(() => expect(setup.backend.finished).toEqual(['stop']));
  await sleep(20);
  server.offline = false;
  expect((await result).text).toBe('ok');
});

test('a job the server has given up on is stopped; the others in its list are still told', async () => {
  const endless = Array.from({length: 2000}, () => ['x', () => sleep(1)]).flat();
  const {server, backend, kill} = await setUp({script: endless, slots: 2});
  const [lost, kept] = [server.submit({prompt_input: '1'}), server.submit({prompt_input: '2'})];
  await vi.waitFor(() => expect(kept.progress.length).toBeGreaterThan(0));
  server.lapse(lost.id);
  const told = kept.progress.length;
  await vi.waitFor(() => expect(backend.finished).toEqual(['aborted']));
  await vi.waitFor(() => expect(kept.progress.length).toBeGreaterThan(told + 1));
  kill.abort();
  expect(await kept.result).toMatchObject({error: 'the worker was stopped'});
});

test('stopping finishes what runs and takes nothing new', async () => {
  let finish = () => {};
  const gate = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const {server, backend, work, stop} = await setUp({script: [() => gate, 'done']});
  const {result} = server.submit({prompt_input: '1'});
  await vi.waitFor(() => expect(backend.running).toBe(1));
  stop.abort();
  server.submit({prompt_input: '2'});
  finish();
  expect((await result).text).toBe('done');
  await work;
  expect(backend.calls).toHaveLength(1);
});

test.each([
  [{key: 'wrong'}, "does not accept the key for 'mixtral'"],
  [{jobType: 'llama'}, "no endpoint for the job type 'llama'"],
])('%o ends the worker with a clear line', async (setup, message) => {
  const {work} = await setUp(setup);
  await expect(work).rejects.toMatchObject({code: 'backend_failed', message: expect.stringContaining(message)});
});

test('a worker whose engine has broken down tells the job so and ends', async () => {
  const engineFails = () => {
    throw new EngineError('engine_failed', 'the engine failed while generating: Eval has failed');
  };
  const {server, work} = await setUp({script: [engineFails]});
  const {result} = server.submit({prompt_input: 'Hi'});
  expect(await result).toMatchObject({error: 'the engine failed while generating: Eval has failed'});
  await expect(work).rejects.toMatchObject({code: 'engine_failed'});
});

test('a worker whose engine has broken down ends the jobs that still run', async () => {
  const engineFails = () => {
    throw new EngineError('engine_failed', 'the engine failed while generating: Eval has failed');
  };
  const hang = (signal: AbortSignal) =>
    new Promise((resolve) => signal.addEventListener('abort', resolve, {once: true}));
  const script: Script = ({kind, request}) =>
    kind === 'chat' && request.messages.some(({content}) => content === 'hang') ? [hang, 'late'] : [engineFails];
  const {server, backend, work} = await setUp({script, slots: 2});
  server.submit({prompt_input: 'hang'});
  await vi.waitFor(() => expect(backend.running).toBe(1));
  server.submit({prompt_input: 'fail'});
  await expect(work).rejects.toMatchObject({code: 'engine_failed'});
  await vi.waitFor(() => expect(backend.running).toBe(0));
  expect(backend.finished).toContain('aborted');
});

test('a worker that is killed ends what runs, and says so', async () => {
  const hang = (signal: AbortSignal) =>
    new Promise((resolve) => signal.addEventListener('abort', resolve, {once: true}));
  const {server, backend, work, stop, kill} = await setUp({script: ['half', hang, 'late']});
  const {result} = server.submit({prompt_input: 'Hi'});
  await vi.waitFor(() => expect(backend.running).toBe(1));
  stop.abort();
  kill.abort();
  expect(await result).toMatchObject({text: 'half', error: 'the worker was stopped'});
  await work;
  expect(backend.finished).toEqual(['aborted']);
});

test('a worker that is killed while its server is away tries for a second to say so, and ends', async () => {
  const hang = (signal: AbortSignal) =>
    new Promise((resolve) => signal.addEventListener('abort', resolve, {once: true}));
  const log: string[] = [];
  const {server, backend, work, stop, kill} = await setUp({script: ['half', hang, 'late'], log});
  const {id} = server.submit({prompt_input: 'Hi'});
  await vi.waitFor(() => expect(backend.running).toBe(1));
  server.offline = true;
  stop.abort();
  kill.abort();
  expect(await Promise.race([work, sleep(10_000, 'still at work')])).toBeUndefined();
  expect(log.at(-1)).toBe(`job ${id}: its result was not delivered: the worker was stopped`);
});

test('the key of a worker follows no redirect to another host', async () => {
  const other = await httpServer((_one, response) => json(response, {job_type_present: true, key_valid: true}));
  const moved = await httpServer((one, response) => json(response, {}, 307, {location: `${other.url}${one.path}`}));
  const lines: string[] = [];
  const log = (line: string) => void lines.push(line);
  const options = {url: moved.url, env: {}, jobType: 'mixtral', authKey: 'secret', name: 'w', pollMs: 1, log};
  const api = new AimeApi(options, DESCRIPTION);
  const stop = new AbortController();
  const loggingIn = api.logIn(stop.signal);
  await vi.waitFor(() => expect(moved.asked.length).toBeGreaterThan(2));
  stop.abort('stop');
  await expect(loggingIn).rejects.toBe('stop');
  expect(other.asked).toEqual([]);
  const there = `${other.url}/worker_check_server_status`;
  expect(lines).toEqual([
    `${moved.url} is away (/worker_check_server_status answered 307: it has moved to ${there}, where no key is sent; if that is right, give it as --api-server); trying again`,
  ]);
});

test('a server elsewhere is reached through the proxy', async () => {
  const server = await new AimeServer('mixtral', 'k').start();
  const proxy = await proxyServer({leadsTo: new URL(server.url).host});
  const options = {
    url: 'http://aime.internal:7777',
    jobType: 'mixtral',
    authKey: 'k',
    name: 'w',
    pollMs: 1,
    log: () => {},
  };
  const api = new AimeApi({...options, env: {HTTP_PROXY: proxy.url}}, DESCRIPTION);
  await api.logIn(new AbortController().signal);
  await api.close();
  expect(proxy.asked).toEqual(['aime.internal:7777', 'aime.internal:7777']);
});

test('a proxy that is none ends the worker with a clear line', async () => {
  const options = {
    url: 'http://aime.internal:7777',
    jobType: 'mixtral',
    authKey: 'k',
    name: 'w',
    pollMs: 1,
    log: () => {},
  };
  const api = new AimeApi({...options, env: {HTTP_PROXY: 'socks5://proxy'}}, DESCRIPTION);
  await expect(api.logIn(new AbortController().signal)).rejects.toMatchObject({code: 'usage'});
});
