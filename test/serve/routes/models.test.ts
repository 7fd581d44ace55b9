import {expect, test} from 'vitest';
import * as wire from '../../contract/wire.ts';
import {testServer} from '../server.ts';

test('the model is listed under its name and its aliases', async () => {
  const {get} = await testServer();
  const {data} = wire.modelList.parse((await get('/v1/models')).json());
  expect(data.map(({id}) => id)).toEqual(['scripted', 'mistral-small-latest']);
  expect(data[0]).toMatchObject({max_context_length: 256, capabilities: {completion_fim: true}});
});

test.each(['scripted', 'mistral-small-latest'])('%s has a card', async (id) => {
  const {get} = await testServer();
  expect(wire.model.parse((await get(`/v1/models/${id}`)).json()).id).toBe(id);
});

test.each(['gpt-9', '..%2F..%2Fetc%2Fpasswd', 'a%00b', '%F0%9F%A6%96'])('%s is a 404', async (id) => {
  const {get} = await testServer();
  const reply = await get(`/v1/models/${id}`);
  expect(reply.status).toBe(404);
  expect(wire.error.parse(reply.json()).error.code).toBe('model_not_found');
});

test('a route that does not exist is a 404 in the same form', async () => {
  const {get} = await testServer();
  const reply = await get('/v1/nowhere?secret=1');
  expect(reply.status).toBe(404);
  expect(wire.error.parse(reply.json()).error.message).toBe('there is no GET /v1/nowhere; /docs lists the routes');
});
