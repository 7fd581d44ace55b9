import {expect, test} from 'vitest';
import {exchangeDirectly} from '../../../src/base/http/direct-exchange.ts';
import {httpServer, json} from '../../fakes/http-server.ts';

const get = (url: string, signal: AbortSignal) =>
  exchangeDirectly({method: 'GET', url, headers: {}}, {connectMs: 0, replyMs: 0, idleMs: 0}, signal);

test('a request that was stopped before it began is not sent', async () => {
  const {url, asked} = await httpServer((_one, response) => json(response, {}));
  const {body} = await get(url, new AbortController().signal);
  for await (const _chunk of body);
  expect(asked).toHaveLength(1);
  await expect(get(url, AbortSignal.abort('enough'))).rejects.toBe('enough');
  expect(asked).toHaveLength(1);
});
