import {expect, test} from 'vitest';
import {testServer} from '../server.ts';

const messages = [{role: 'user', content: 'Hi'}];
/** A keyword that no grammar here holds. */
const UNHELD = {type: 'object', properties: {list: {type: 'array', contains: {type: 'integer'}}}};
const HELD = {type: 'object', properties: {city: {type: 'string'}}, required: ['city'], additionalProperties: false};

/** The same tool in the words of each dialect. */
const ROUTES = {
  '/v1/chat/completions': (parameters: object, strict: unknown) => ({
    messages,
    tools: [
      {type: 'function', function: {name: 'other', parameters: {}}},
      {type: 'function', function: {name: 'f', parameters, strict}},
    ],
  }),
  '/v1/responses': (parameters: object, strict: unknown) => ({
    input: 'Hi',
    tools: [
      {type: 'function', name: 'other', parameters: {}},
      {type: 'function', name: 'f', parameters, strict},
    ],
  }),
  '/v1/messages': (parameters: object, strict: unknown) => ({
    messages,
    tools: [
      {name: 'other', input_schema: {}},
      {name: 'f', input_schema: parameters, strict},
    ],
  }),
} as const;

test.each(Object.entries(ROUTES))(
  '%s: a strict tool is held, or refused with the place in its schema',
  async (url, body) => {
    const {post, backend} = await testServer(['x']);
    const refused = await post(url, body(UNHELD, true));
    expect(refused.status).toBe(400);
    const {message, param = 'tools[1]', code = 'unsupported_schema'} = refused.json().error;
    expect({param, code}).toEqual({param: 'tools[1]', code: 'unsupported_schema'});
    expect(message).toContain("a call of 'f' cannot be held to this schema: ");
    expect(message).toContain('/properties/list/contains');
    expect(backend.calls).toEqual([]);
    const held = await post(url, body(HELD, true));
    expect({status: held.status, told: held.headers['x-mistral-warnings']}).toEqual({status: 200, told: undefined});
    expect(backend.calls[0]?.request).toMatchObject({tools: [{name: 'other'}, {name: 'f', strict: true}]});
  },
);

test.each(Object.entries(ROUTES))('%s: of a tool that is not strict it is told', async (url, body) => {
  for (const strict of [false, null, undefined]) {
    const {post} = await testServer(['x']);
    const reply = await post(url, body(UNHELD, strict));
    expect(reply.status).toBe(200);
    expect(decodeURIComponent(String(reply.headers['x-mistral-warnings']))).toContain('f#/properties/list/contains');
  }
});

test('tools that are not offered are not judged', async () => {
  const {post} = await testServer(['x']);
  const body = {...ROUTES['/v1/chat/completions'](UNHELD, true), tool_choice: 'none'};
  expect((await post('/v1/chat/completions', body)).status).toBe(200);
});
