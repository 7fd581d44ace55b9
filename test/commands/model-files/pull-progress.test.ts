import {setTimeout as sleep} from 'node:timers/promises';
import {expect, test} from 'vitest';
import {PullProgress} from '../../../src/commands/model-files/pull-progress.ts';
import {fakeIo} from '../../fakes/io.ts';

test('what four connections say at once is said once, the next wait again, and a row makes way for it', async () => {
  const io = fakeIo('', {}, ['stderr']);
  const progress = new PullProgress(io);
  await progress.during('m.gguf', async (moved) => {
    moved(0, 100);
    await sleep(150);
    moved(10, 100);
    for (let connection = 0; connection < 4; connection++) progress.say('hub asks to wait 1 s (429)');
    progress.say('hub answered 503: trying again in 1 s');
    await sleep(1000);
    progress.say('hub asks to wait 1 s (429)');
  });
  const [row = '', ...lines] = io.err().split('\r\x1b[K');
  expect(row).toMatch(/^\rfetching m\.gguf: 10 % of 100 B/);
  expect(lines.join('')).toBe(
    'hub asks to wait 1 s (429)\nhub answered 503: trying again in 1 s\nhub asks to wait 1 s (429)\n',
  );
});
