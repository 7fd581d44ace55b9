// `mistral pull` of a 1 GB file, sha256 included, against curl without one, in alternation from a server on loopback.
// `npm run bench:download`; options behind `--`: rounds, then megabytes. It needs curl and 3 GB of room.
import {spawn, spawnSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {once} from 'node:events';
import {mkdtempSync, rmSync} from 'node:fs';
import {createServer, type ServerResponse} from 'node:http';
import type {AddressInfo} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {median} from '../src/engine/index.ts';

const BLOCK = 1 << 24;
const block = Buffer.from(Uint32Array.from({length: BLOCK / 4}, (_, i) => Math.imul(i, 2654435761)).buffer);
const [mode = '5', size = '1000'] = process.argv.slice(2);

/** Sends the bytes [from, end) of the block repeated. */
async function send(response: ServerResponse, from: number, end: number): Promise<void> {
  for (let at = from; at < end && !response.destroyed; ) {
    const start = at % BLOCK;
    const piece = block.subarray(start, Math.min(BLOCK, start + (1 << 20), start + end - at));
    at += piece.length;
    if (!response.write(piece)) await once(response, 'drain');
  }
  response.end();
}

function digest(bytes: number): string {
  const hash = createHash('sha256');
  for (let at = 0; at < bytes; at += BLOCK) hash.update(block.subarray(0, Math.min(BLOCK, bytes - at)));
  return hash.digest('hex');
}

/** A hub of one repository with one file, in a process of its own. */
function serve(bytes: number): void {
  const siblings = [{rfilename: 'm-Q8_0.gguf', size: bytes, lfs: {sha256: digest(bytes), size: bytes}}];
  const server = createServer((request, response) => {
    if (request.url?.startsWith('/api/')) {
      response.end(JSON.stringify({sha: 'c0ffee0', siblings}));
      return;
    }
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
    const from = Number(range?.[1] ?? 0);
    const end = range?.[2] ? Number(range[2]) + 1 : bytes;
    const headers = {etag: '"1"', 'content-length': end - from};
    if (range) response.writeHead(206, {...headers, 'content-range': `bytes ${from}-${end - 1}/${bytes}`});
    else response.writeHead(200, headers);
    void send(response, from, end).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
}

function timed(command: string, args: readonly string[], env: NodeJS.ProcessEnv): {wall: number; user: number} {
  const start = performance.now();
  const {status, stderr} = spawnSync('/usr/bin/time', ['-f', '%U %S', command, ...args], {encoding: 'utf8', env});
  if (status !== 0) throw new Error(stderr);
  const [user = 0, system = 0] = (stderr.trim().split('\n').at(-1) ?? '').split(' ').map(Number);
  return {wall: (performance.now() - start) / 1000, user: user + system};
}

async function compare(rounds: number, bytes: number): Promise<void> {
  const server = spawn(process.execPath, [process.argv[1] as string, 'serve', size], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const port = String(((await once(server.stdout, 'data')) as [Buffer])[0]).trim();
  const url = `http://127.0.0.1:${port}`;
  const walls: {curl: number[]; mistral: number[]} = {curl: [], mistral: []};
  try {
    for (let round = 1; round <= rounds; round++) {
      const folder = mkdtempSync(join(tmpdir(), 'mistral-bench-'));
      const file = join(folder, 'curl.gguf');
      const curl = timed('curl', ['-sS', '-o', file, `${url}/x/y/resolve/c0ffee0/m-Q8_0.gguf`], process.env);
      rmSync(file);
      const env = {...process.env, HOME: folder, XDG_CACHE_HOME: folder, HF_ENDPOINT: url};
      const ours = timed(process.execPath, ['bin/mistral.js', 'pull', 'hf:x/y'], env);
      rmSync(folder, {recursive: true});
      walls.curl.push(curl.wall);
      walls.mistral.push(ours.wall);
      const seconds = ({wall, user}: {wall: number; user: number}) =>
        `${wall.toFixed(2)} s (${user.toFixed(2)} s of processor)`;
      console.log(`${round}: curl ${seconds(curl)}, mistral pull ${seconds(ours)}`);
    }
  } finally {
    server.kill();
  }
  const [curl = 0, mistral = 0] = [median(walls.curl), median(walls.mistral)];
  const rate = (seconds: number) => `${(bytes / 1e6 / seconds).toFixed(0)} MB/s`;
  console.log(`median: curl ${rate(curl)}, mistral pull ${rate(mistral)}, ${(curl / mistral).toFixed(2)} of curl`);
}

if (mode === 'serve') serve(Number(size) * 1e6);
else await compare(Number(mode), Number(size) * 1e6);
