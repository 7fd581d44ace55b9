import {expect, test} from 'vitest';
import {SystemBackend} from '../../../src/engine/conversation/system-backend.ts';
import {ScriptedBackend} from '../../fakes/scripted-backend.ts';

const never = new AbortController().signal;
const user = {role: 'user', content: 'Hi'} as const;

test('a request without a system message has the one of the server, asked for each time', async () => {
  const backend = new ScriptedBackend();
  let day = 0;
  const given = new SystemBackend(backend, () => `day ${++day}`);
  const sampling = {temperature: 0};
  for (const messages of [[user], [user], [{role: 'system', content: 'Mine.'} as const, user]]) {
    for await (const _ of given.chat({messages, sampling}, never));
  }
  const sent = backend.requests.map((request) => ('messages' in request ? request.messages : []));
  expect(sent).toEqual([
    [{role: 'system', content: 'day 1'}, user],
    [{role: 'system', content: 'day 2'}, user],
    [{role: 'system', content: 'Mine.'}, user],
  ]);
  expect(given.render?.({messages: [user], sampling})).toEqual(
    backend.render({messages: [{role: 'system', content: 'day 4'}, user], sampling}),
  );
  for await (const _ of given.complete({prompt: 'a', sampling}, never));
  for await (const _ of given.fim({prompt: 'a', sampling}, never));
  expect(backend.requests.slice(3)).toEqual([
    {prompt: 'a', sampling},
    {prompt: 'a', sampling},
  ]);
});
