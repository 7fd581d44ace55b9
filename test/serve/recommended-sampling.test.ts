import {expect, test} from 'vitest';
import type {RecommendedSampling} from '../../src/engine/contract/sampling.ts';
import * as wire from '../contract/wire.ts';
import {ScriptedBackend} from '../fakes/scripted-backend.ts';
import {OPTIONS} from './app-options.ts';
import {serverOn} from './server.ts';

const sampling: RecommendedSampling = {
  temperature: {value: 0.15, origin: 'the file'},
  topK: {value: 20, origin: 'the file'},
};
const HI = {model: 'm', messages: [{role: 'user', content: 'Hi'}]};

/** What a request is sampled with. */
async function sampled(url: string, body: object, choice = OPTIONS.sampling) {
  const backend = new ScriptedBackend(undefined, {sampling});
  const {post} = await serverOn(backend, {sampling: choice});
  expect((await post(url, body)).status).toBe(200);
  return backend.requests[0]?.sampling;
}

test('requests that say nothing are sampled as the model recommends', async () => {
  expect(await sampled('/v1/chat/completions', HI)).toEqual({temperature: 0.15, topK: 20});
  expect(await sampled('/v1/completions', {prompt: 'a'})).toEqual({temperature: 0.15, topK: 20, maxTokens: 16});
  expect(await sampled('/completion', {prompt: 'a'})).toEqual({temperature: 0.15, topK: 20});
});

test('a field of the request goes before it, and so does a flag of the server, for what no request says', async () => {
  expect(await sampled('/v1/chat/completions', {...HI, temperature: 0.9, top_k: null})).toEqual({
    temperature: 0.9,
    topK: 20,
  });
  const flag = {asked: {temperature: 0.5}, otherwise: {temperature: 0.7}};
  expect(await sampled('/v1/chat/completions', HI, flag)).toEqual({temperature: 0.5, topK: 20});
  expect(await sampled('/v1/chat/completions', HI, {...OPTIONS.sampling, withoutModel: true})).toEqual({
    temperature: 0.7,
  });
});

test('a fill-in takes the likeliest code, and routes of older servers keep the defaults of theirs', async () => {
  expect(await sampled('/v1/fim/completions', {prompt: 'a'})).toMatchObject({temperature: 0});
  expect(await sampled('/v1/engines/completions', {model: 'm', prompt: 'a'})).toEqual({
    temperature: 0.35,
    maxTokens: 256,
  });
});

test('the card of the model and /props say what holds', async () => {
  const {get} = await serverOn(new ScriptedBackend(undefined, {sampling}));
  const card = (await get('/v1/models/scripted')).json();
  expect(wire.model.parse(card).id).toBe('scripted');
  expect(card.default_model_temperature).toBe(0.15);
  expect(card.model_sampling).toEqual({temperature: 0.15, top_k: 20});
  expect((await get('/props')).json().default_generation_settings.params).toEqual({
    n_predict: -1,
    temperature: 0.15,
    top_k: 20,
    top_p: 1,
    min_p: 0,
    repeat_penalty: 1,
    repeat_last_n: 64,
    frequency_penalty: 0,
    presence_penalty: 0,
    stop: [],
    ignore_eos: false,
    logit_bias: [],
    seed: 4294967295,
  });
  const without = await serverOn(new ScriptedBackend(undefined, {sampling}), {
    sampling: {...OPTIONS.sampling, withoutModel: true},
  });
  const plain = (await without.get('/v1/models/scripted')).json();
  expect([plain.default_model_temperature, plain.model_sampling]).toEqual([0.7, undefined]);
});
