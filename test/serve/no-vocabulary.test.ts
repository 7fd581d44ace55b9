// A server in front of a backend whose vocabulary is not known, as a remote one's is: what needs ids is refused by name.
import {expect, onTestFinished, test} from 'vitest';
import type {Backend} from '../../src/engine/contract/backend.ts';
import {createApp} from '../../src/serve/app.ts';
import {ScriptedBackend} from '../fakes/scripted-backend.ts';
import {OPTIONS} from './app-options.ts';

async function post(url: string, body: object) {
  const scripted = new ScriptedBackend(['x']);
  const backend: Backend = {
    model: scripted.model,
    chat: (request, signal) => scripted.chat(request, signal),
    complete: (request, signal) => scripted.complete(request, signal),
    fim: (request, signal) => scripted.fim(request, signal),
    close: () => scripted.close(),
  };
  const {app} = await createApp(Promise.resolve(backend), OPTIONS);
  onTestFinished(() => app.close());
  const reply = await app.inject({method: 'POST', url, headers: {host: 'localhost'}, payload: body});
  return {status: reply.statusCode, body: reply.json(), calls: scripted.calls};
}

const HI = {messages: [{role: 'user', content: 'Hi'}]};

test.each([
  ['/v1/chat/completions', {...HI, logprobs: true}, 'logprobs'],
  ['/v1/completions', {prompt: 'a', logprobs: 1}, 'logprobs'],
])('%s refuses %j', async (url, body, param) => {
  const {status, body: reply, calls} = await post(url, body);
  expect({status, calls}).toEqual({status: 400, calls: []});
  expect(reply.error).toMatchObject({code: 'unsupported', param});
});

test.each([
  ['/completion', {prompt: 'a', n_probs: 2}],
  ['/completion', {prompt: 'a', return_tokens: true}],
  ['/completion', {prompt: ['a', 5]}],
  ['/infill', {input_prefix: 'a', input_suffix: 'b', n_probs: 1}],
])('%s refuses %j in its own form', async (url, body) => {
  const {status, body: reply, calls} = await post(url, body);
  expect({status, calls}).toEqual({status: 400, calls: []});
  expect(reply.error).toMatchObject({code: 400, message: expect.stringContaining('needs a local model')});
});

test('texts and ids alone are answered', async () => {
  expect(await post('/completion', {prompt: [5, 6]})).toMatchObject({status: 200, body: {content: 'x', prompt: ''}});
  expect(await post('/infill', {input_prefix: 'a', input_suffix: 'b'})).toMatchObject({status: 200});
  expect(await post('/v1/chat/completions', HI)).toMatchObject({status: 200});
});

test('an infill is passed on uncut, since nobody knows how long it is', async () => {
  const input_prefix = 'long '.repeat(1000);
  const {calls} = await post('/infill', {input_prefix, input_suffix: 'b', input_extra: [{text: 'x', filename: 'y'}]});
  expect(calls[0]?.request).toMatchObject({prompt: `# File: y\nx\n\n${input_prefix}`, suffix: 'b'});
});
