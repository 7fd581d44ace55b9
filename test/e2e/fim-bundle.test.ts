// The bundle of `mistral-fim` is right under every Node: it is text alone, and finds what stays outside of it.
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:http';
import type {AddressInfo} from 'node:net';
import {delimiter, join} from 'node:path';
import {expect, onTestFinished, test} from 'vitest';
import {folderWith} from '../fixtures/folder.ts';

const ROOT = join(import.meta.dirname, '../..');
const PROGRAM = join(ROOT, 'bin/mistral-fim.js');

/** `OTHER_NODES=/path/node20.19.0:/path/node24` has the bundle tried with those too. */
const NODES = [process.execPath, ...(process.env.OTHER_NODES?.split(delimiter) ?? [])];

async function run(node: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const child = spawn(node, [PROGRAM, ...args], {env: {...process.env, MISTRAL_MODEL: undefined, ...env}});
  const text = {stdout: '', stderr: ''};
  child.stdout.on('data', (chunk) => (text.stdout += chunk));
  child.stderr.on('data', (chunk) => (text.stderr += chunk));
  child.stdin.end();
  const [code, signal] = await once(child, 'close');
  return {code, signal, ...text};
}

test.each(NODES)('%s: a fill-in by a running server, and what stays outside of the bundle', async (node) => {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(200, {'content-type': 'text/event-stream'});
    response.write('data: {"choices": [{"delta": {"content": "middle"}}]}\n\n');
    response.end('data: {"choices": [{"delta": {}, "finish_reason": "stop"}], "usage": {}}\n\ndata: [DONE]\n\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const folder = folderWith();
  const model = join(folder, 'm.gguf');
  writeFileSync(model, '');
  mkdirSync(join(folder, 'servers'));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  writeFileSync(join(folder, 'servers', '1.json'), JSON.stringify({url, model, id: 'm', contextSize: 1024}));
  const answer = await run(node, [model, '--prefix', 'a', '--suffix', 'b'], {MISTRAL_STATE_DIR: folder});
  expect(answer).toEqual({code: 0, signal: null, stdout: 'middle', stderr: ''});

  const failure = await run(node, [join(folder, 'missing.gguf'), '--prefix', 'a']);
  expect(failure).toMatchObject({code: 3, signal: null});
  expect(failure.stderr).toContain('there is no file');
});

// V8 takes the code of another release of Node for its own (same version of V8, other code) and then crashes.
test('no code of V8 is made at the build, and none is loaded', () => {
  const files = ['bin', 'dist', 'scripts'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), {recursive: true, withFileTypes: true})
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  const loads = /cachedData|createCachedData|enableCompileCache|startupSnapshot/;
  const loading = files.filter((file) => /\.c?js$/.test(file) && loads.test(readFileSync(file, 'utf8')));
  expect(loading).toEqual([]);
});
