// Keeps the code V8 makes of the bundle of `mistral-fim` while it asks a server for a fill-in: bin/compiled.js starts with
// it. The server is one of this script's own, which answers every request with the same few characters.
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:http';
import {createRequire} from 'node:module';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';

const BUNDLE = resolve('dist/commands/fim-program.cjs');
const COMPILED = BUNDLE.replace(/\.cjs$/, '.bin');

if (process.argv[2] === 'run') {
  const {exports, script} = createRequire(import.meta.url)('../bin/compiled.js')(BUNDLE);
  process.on('exit', (code) => code === 0 && writeFileSync(COMPILED, script.createCachedData()));
  await exports.main('mistral-fim', process.argv.slice(3));
} else {
  rmSync(COMPILED, {force: true});
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'fim-')));
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(200, {'content-type': 'text/event-stream'});
    response.write('data: {"choices": [{"delta": {"content": "a"}}]}\n\n');
    response.end('data: {"choices": [{"delta": {}, "finish_reason": "stop"}], "usage": {}}\n\ndata: [DONE]\n\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const model = join(folder, 'm.gguf');
  writeFileSync(model, '');
  mkdirSync(join(folder, 'servers'));
  const note = {url: `http://127.0.0.1:${server.address().port}`, model, id: 'm', contextSize: 1024};
  writeFileSync(join(folder, 'servers', '1.json'), JSON.stringify(note));
  const argv = ['scripts/compile-fim.js', 'run', model, '--prefix', 'a', '--suffix', 'b', '--temperature', '0'];
  const env = {...process.env, MISTRAL_STATE_DIR: folder};
  const child = spawn(process.execPath, argv, {env, stdio: ['ignore', 'ignore', 'inherit']});
  const [code] = await once(child, 'exit');
  server.close();
  rmSync(folder, {recursive: true});
  // It works without, and a build need not be where programs can talk to each other.
  if (code !== 0) console.error(`mistral-fim ended with ${code}: its bundle will be compiled at every start`);
}
