import {mkdtempSync, readdirSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {expect, onTestFinished, test} from 'vitest';
import {announceServer, findServer} from '../../src/commands/attach.ts';
import {httpServer, json} from '../fakes/http-server.ts';

const never = new AbortController().signal;

/** An empty state folder with a model file beside it. */
function setUp() {
  const folder = mkdtempSync(join(tmpdir(), 'attach-'));
  onTestFinished(() => rmSync(folder, {recursive: true}));
  const model = join(folder, 'm.gguf');
  writeFileSync(model, '');
  return {env: {MISTRAL_STATE_DIR: folder}, model, servers: join(folder, 'servers')};
}

test('a server is found by its model, with its key, until it takes its note away', async () => {
  const {env, model, servers} = setUp();
  const {url, asked} = await httpServer((_one, response) => json(response, {data: [{id: 'm'}]}));
  const withdraw = announceServer(env, 7, {url, model, key: 'k'});
  expect(statSync(join(servers, '7.json')).mode & 0o777).toBe(0o600);
  expect((await findServer(env, model, never))?.model.id).toBe('m');
  expect(asked[0]?.headers.authorization).toBe('Bearer k');
  writeFileSync(join(env.MISTRAL_STATE_DIR, 'other.gguf'), '');
  expect(await findServer(env, join(env.MISTRAL_STATE_DIR, 'other.gguf'), never)).toBeUndefined();
  withdraw();
  expect(readdirSync(servers)).toEqual([]);
  expect(await findServer(env, model, never)).toBeUndefined();
});

test('the note of a server that died is no hindrance, and is cleared away', async () => {
  const {env, model, servers} = setUp();
  const {url} = await httpServer((_one, response) => json(response, {data: [{id: 'alive'}]}));
  announceServer(env, 1, {url: 'http://127.0.0.1:1', model});
  announceServer(env, 2, {url, model});
  expect((await findServer(env, model, never))?.model.id).toBe('alive');
  expect(readdirSync(servers)).toEqual(['2.json']);
});
