// How long a server behind --url is waited for: by the flags of the command, and for its list of models.
import {createServer} from 'node:net';
import {setTimeout as sleep, setImmediate as turn} from 'node:timers/promises';
import {expect, onTestFinished, test, vi} from 'vitest';
import {run} from '../../../src/commands/program.ts';
import {collectAnswer} from '../../../src/engine/contract/collect-answer.ts';
import {knownRemote, openRemote} from '../../../src/engine/remote/remote-backend.ts';
import {SERVER_LIMITS} from '../../../src/engine/remote/remote-server.ts';
import {type Answer, httpServer, json} from '../../fakes/http-server.ts';
import {fakeIo} from '../../fakes/io.ts';

const WORD = {choices: [{delta: {content: 'Hello'}, finish_reason: 'stop'}]};
const list: Answer = (_one, response) => json(response, {data: [{id: 'm'}]});

/** Runs a chat of one prompt; `answer` is how the server answers that. */
async function chat(answer: Answer, ...flags: readonly string[]) {
  const {url} = await httpServer((one, response) => (one.path.endsWith('/models') ? list : answer)(one, response));
  const io = fakeIo('');
  const code = await run('mistral-chat', ['--url', `${url}/v1`, '--instruct', '-p', 'Hi', ...flags], io);
  return {code, out: io.out(), err: io.err().replaceAll(new URL(url).host, 'HOST')};
}

const late: Answer = async (_one, response) => {
  await sleep(400);
  response.write(': awake\n\n');
  await sleep(400);
  response.end(`data: ${JSON.stringify(WORD)}\n\n`);
};

test.each([
  [[], 'no limit is reached'],
  [['--reply-timeout', '0', '--idle-timeout', '0', '--connect-timeout', '0'], '0 is no limit'],
])('%j: %s', async (flags) => {
  expect(await chat(late, ...flags)).toMatchObject({code: 0, out: 'Hello\n'});
});

test.each([
  [['--reply-timeout', '0.2', '--idle-timeout', '0'], 'error: HOST did not answer within 0.2 s\n'],
  [['--reply-timeout', '0', '--idle-timeout', '0.2'], 'error: HOST sent nothing of the answer for 0.2 s\n'],
])('%j is reached: %s', async (flags, message) => {
  const {code, out, err} = await chat(late, ...flags);
  expect({code, out}).toEqual({code: 5, out: ''});
  expect(err).toContain(message);
});

test('--connect-timeout is the time for a connection', async () => {
  // It takes the connection and never answers the greeting of TLS.
  const server = createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => void server.close());
  const host = `127.0.0.1:${(server.address() as {port: number}).port}`;
  const io = fakeIo('');
  // Three tries follow the first, after 0.5, 1 and 2 s.
  const code = await run('mistral-chat', ['--url', `https://${host}/v1`, '-p', 'Hi', '--connect-timeout', '0.05'], io);
  expect(code).toBe(5);
  expect(io.err()).toContain(`error: ${host} cannot be reached: no connection within 0.05 s\n`);
}, 30_000);

/** What is on its way over loopback arrives. */
async function settle(): Promise<void> {
  for (const end = performance.now() + 300; performance.now() < end; ) await turn();
}

/** The clock alone is ours; connections are real. */
async function listing(answer: Answer, replyMs: number) {
  const {url, asked} = await httpServer(answer);
  vi.useFakeTimers({toFake: ['setTimeout', 'clearTimeout']});
  onTestFinished(() => void vi.useRealTimers());
  const opening = openRemote({url: `${url}/v1`, env: {}, limits: {...SERVER_LIMITS, replyMs, idleMs: 0}});
  const state = {outcome: 'open' as unknown, url};
  void opening.then(
    (backend) => {
      state.outcome = backend.model.id;
    },
    (error: unknown) => {
      state.outcome = error;
    },
  );
  while (asked.length === 0) await turn();
  await settle();
  return {state, pass: (ms: number) => vi.advanceTimersByTimeAsync(ms).then(settle)};
}

test.each<[string, Answer, number]>([
  ['one that is not begun', () => {}, 600_000],
  ['one that does not end', (_one, response) => response.writeHead(200).write('{"data":['), 600_000],
  ['one without a limit of its own', (_one, response) => response.writeHead(200).write(' '), 0],
])('a list of models is waited for a minute at most: %s', async (_which, answer, replyMs) => {
  const {state, pass} = await listing(answer, replyMs);
  await pass(59_999);
  expect(state.outcome).toBe('open');
  await pass(1);
  expect(state.outcome).toMatchObject({
    code: 'backend_unreachable',
    message: `${state.url}/v1/models was not answered within 60 s`,
    hint: 'Is the server running, and is --url its address with /v1 at the end?',
  });
});

test.each<[string, Answer, string]>([
  ['nothing', (_one, response) => response.writeHead(500).write(' '), 'HOST answered 500: nothing'],
  ['what never ends', (_one, response) => response.writeHead(401).write('{"error":"no'), 'HOST answered 401: nothing'],
])('the words of a refusal are waited for 10 s: %s', async (_which, answer, message) => {
  const {url, asked} = await httpServer(answer);
  const backend = knownRemote({url: `${url}/v1`, env: {}, retries: 0}, {id: 'm'});
  vi.useFakeTimers({toFake: ['setTimeout', 'clearTimeout']});
  onTestFinished(() => void vi.useRealTimers());
  let outcome = 'open';
  const request = {messages: [{role: 'user', content: 'Hi'} as const], sampling: {temperature: 0}};
  void collectAnswer(backend.chat(request, new AbortController().signal)).catch((error: Error) => {
    outcome = error.message.replace(new URL(url).host, 'HOST');
  });
  while (asked.length === 0) await turn();
  await settle();
  await vi.advanceTimersByTimeAsync(9999).then(settle);
  expect(outcome).toBe('open');
  await vi.advanceTimersByTimeAsync(1).then(settle);
  expect(outcome).toBe(message);
});

test('less is waited for it where less is given to a reply', async () => {
  const {state, pass} = await listing((_one, response) => response.writeHead(200).write('{'), 2000);
  await pass(1999);
  expect(state.outcome).toBe('open');
  await pass(1);
  expect(state.outcome).toMatchObject({message: `${state.url}/v1/models was not answered within 2 s`});
});
