import {expect, test} from 'vitest';
import {RemoteServer} from '../../../src/engine/remote/remote-server.ts';
import {RemoteTokenModel} from '../../../src/engine/remote/remote-token-model.ts';
import {httpServer, sse} from '../../fakes/http-server.ts';
import {promptOf} from '../../fixtures/media-prompt.ts';

test('a prompt with a picture is refused before anything is sent: its holes are no ids', async () => {
  const server = await httpServer((_asked, response) => sse(response, []));
  const remote = new RemoteServer({url: `${server.url}/v1`, env: {}, retries: 0});
  const model = new RemoteTokenModel({server: remote, route: 'llama', model: 'm', contextSize: 100, eos: 2});
  const events = model.generate(promptOf(1, ['cat', 2]), {sampling: {temperature: 0}}, new AbortController().signal);
  await expect(events.next()).rejects.toMatchObject({
    code: 'unsupported',
    message: 'this engine takes text only, and the prompt holds images',
  });
  expect(server.asked).toEqual([]);
});
