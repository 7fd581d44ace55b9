import {setFlagsFromString} from 'node:v8';
import {runInNewContext} from 'node:vm';
import {expect, onTestFinished, test} from 'vitest';
import {AttachedFim} from '../../../src/commands/open-model/fim-by-server.ts';
import {collectAnswer} from '../../../src/engine/contract/collect-answer.ts';
import {type Answer, httpServer, json, sse} from '../../fakes/http-server.ts';

const MIDDLE = [{choices: [{delta: {content: 'a, b'}}]}, {choices: [{delta: {}, finish_reason: 'stop'}]}];
const request = {prompt: 'def add(', suffix: '): pass', sampling: {temperature: 0}};

const MINUTE = 60_000;

/** Patience of a minute: for answers that come at once, however slow the machine is. */
async function fillIn(answer: Answer, patience = {fillInMs: MINUTE, modelsMs: MINUTE}) {
  const {url, asked} = await httpServer(answer);
  const server = new AttachedFim({url, model: '/m.gguf', id: 'm', contextSize: 99, key: 'k'}, patience);
  const middle = collectAnswer(server.fim(request, new AbortController().signal));
  return {middle, asked, model: server.model};
}

test('one request is all that is asked, with the key and the name of the note', async () => {
  const {middle, asked, model} = await fillIn((_one, response) => sse(response, MIDDLE));
  expect((await middle).content).toBe('a, b');
  expect(asked.map(({method, path}) => `${method} ${path}`)).toEqual(['POST /v1/fim/completions']);
  expect(asked[0]).toMatchObject({headers: {authorization: 'Bearer k'}, body: {model: 'm', prompt: 'def add('}});
  expect(model).toMatchObject({id: 'm', contextSize: 99});
});

test('a server that only takes its time is waited for', async () => {
  let look = () => {};
  const looked = new Promise<void>((resolve) => {
    look = resolve;
  });
  const answer: Answer = async ({path}, response) => {
    if (path === '/v1/models') {
      json(response, {data: [{id: 'm'}]});
      return look();
    }
    await looked;
    sse(response, MIDDLE);
  };
  const {middle, asked} = await fillIn(answer, {fillInMs: 1, modelsMs: MINUTE});
  expect((await middle).content).toBe('a, b');
  expect(asked.map(({path}) => path).toSorted()).toEqual(['/v1/fim/completions', '/v1/models']);
});

test('one that hangs is given up, also when garbage is collected meanwhile', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const collecting = setInterval(collect, 20);
  onTestFinished(() => clearInterval(collecting));
  const {middle} = await fillIn(() => {}, {fillInMs: 1, modelsMs: 200});
  await expect(middle).rejects.toMatchObject({code: 'backend_unreachable'});
});

test('without a word a server that hangs is given two seconds: one for the answer, one to say that it is there', async () => {
  const {url, asked} = await httpServer(() => {});
  const server = new AttachedFim({url, model: '/m.gguf', id: 'm'});
  const started = performance.now();
  const middle = collectAnswer(server.fim(request, new AbortController().signal));
  await expect(middle).rejects.toMatchObject({code: 'backend_unreachable'});
  expect(performance.now() - started).toBeGreaterThan(1900);
  expect(asked.map(({path}) => path)).toEqual(['/v1/fim/completions', '/v1/models']);
});

test('one that is gone, stops or is somebody else lets the model be opened instead', async () => {
  const gone = new AttachedFim({url: 'http://127.0.0.1:1', model: '/m.gguf', id: 'm'});
  const middle = collectAnswer(gone.fim(request, new AbortController().signal));
  await expect(middle).rejects.toMatchObject({code: 'backend_unreachable'});
  for (const status of [401, 404, 500, 503]) {
    const refused = await fillIn((_one, response) => json(response, {error: {message: 'answered 429'}}, status));
    await expect(refused.middle).rejects.toMatchObject({code: 'backend_unreachable'});
  }
});

test('what is wrong with the request, a full queue and an answer that breaks off are told', async () => {
  const long = {error: {message: 'too long', code: 'context_length_exceeded'}};
  const tooLong = await fillIn((_one, response) => json(response, long, 400));
  await expect(tooLong.middle).rejects.toMatchObject({code: 'context_length_exceeded'});
  const busy = await fillIn((_one, response) => json(response, {error: {message: 'full'}}, 429));
  await expect(busy.middle).rejects.toThrow('answered 429: full');
  const broken = await fillIn((_one, response) => sse(response, MIDDLE.slice(0, 1)));
  await expect(broken.middle).rejects.toMatchObject({code: 'backend_failed'});
});
