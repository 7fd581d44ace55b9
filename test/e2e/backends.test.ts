// The contract of backends with the model that comes with the program: opened here, and behind a real `mistral serve`.
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, test, vi} from 'vitest';
import {readGguf} from '../../src/engine/gguf/read-header.ts';
import {openLocalBackend} from '../../src/engine/local/open-local.ts';
import {embeddedFile} from '../../src/engine/models/embedded-file.ts';
import {openExactRemote} from '../../src/engine/remote/exact-backend.ts';
import {openRemote} from '../../src/engine/remote/remote-backend.ts';
import {loadFromGguf} from '../../src/engine/template/load-tokenizer.ts';
import {backendContract} from '../contract/backend.ts';

const file = embeddedFile() ?? '';
const answers = {calls: 'asked', reasons: false, enforces: true} as const;

describe('the embedded model', () => {
  test('is computed by one thread: a second would cost more in hand-over than it computes', async () => {
    const backend = await openLocalBackend({file, device: 'off'});
    expect(backend.model.device).toBe('CPU, 1 thread');
    await backend.close();
  });

  backendContract({open: () => openLocalBackend({file, device: 'off', threads: 1}), ...answers, logprobs: true});
});

describe('mistral serve', () => {
  const state = mkdtempSync(join(tmpdir(), 'backends-'));
  let url = '';
  let stop = async () => {};
  beforeAll(async () => {
    const program = new URL('../../bin/mistral.js', import.meta.url).pathname;
    const argv = ['serve', '--port', '0', '--gpu', 'off', '--threads', '1', '--parallel', '2'];
    const env = {...process.env, MISTRAL_STATE_DIR: state};
    const child = spawn(process.execPath, [program, ...argv], {stdio: ['ignore', 'ignore', 'pipe'], env});
    let text = '';
    child.stderr.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    stop = async () => {
      child.kill('SIGTERM');
      await once(child, 'exit');
      rmSync(state, {recursive: true});
    };
    const address = () => /at (http:\S+)/.exec(text)?.[1] ?? Promise.reject(text);
    url = `${await vi.waitFor(address, 20_000)}/v1`;
  });
  afterAll(() => stop());

  describe('asked in words', () => {
    backendContract({open: () => openRemote({url, env: {}}), ...answers, logprobs: false});
  });

  describe('asked in token ids', () => {
    backendContract({
      open: () => openExactRemote({url, env: {}}, loadFromGguf(readGguf(file))),
      ...answers,
      logprobs: true,
    });
  });
});
