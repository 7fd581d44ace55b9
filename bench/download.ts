// `mistral pull` of a 1 GB file, sha256 included, against curl, and against curl and sha256sum, in alternation from a
// server on loopback. `npm run bench:download`; options behind `--`: rounds, megabytes, MB/s that the server keeps to.
import {spawn, spawnSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {once} from 'node:events';
import {mkdtempSync, rmSync} from 'node:fs';
import {createServer, type ServerResponse} from 'node:http';
import type {AddressInfo} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {median} from '../src/engine/index.ts';

const BLOCK = 1 << 24;
const block = Buffer.from(Uint32Array.from({length: BLOCK / 4}, (_, i) => Math.imul(i, 2654435761)).buffer);
const [mode = '5', size = '1000', rate = '1e9'] = process.argv.slice(2);

let free = 0;

/** Waits until the line that all connections share has room for these bytes. */
async function line(bytes: number): Promise<void> {
  const now = performance.now();
  free = Math.max(free, now) + bytes / (Number(rate) * 1000);
  if (free - now > 2) await sleep(free - now);
}

/** Sends the bytes [from, end) of the block repeated. */
async function send(response: ServerResponse, from: number, end: number): Promise<void> {
  for (let at = from; at < end && !response.destroyed; ) {
    const start = at % BLOCK;
    const piece = block.subarray(start, Math.min(BLOCK, start + (1 << 20), start + end - at));
    at += piece.length;
    await line(piece.length);
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

/** Seconds of wall clock. */
function timed(command: string, env: NodeJS.ProcessEnv): number {
  const start = performance.now();
  const {status, stderr} = spawnSync('sh', ['-c', command], {encoding: 'utf8', env});
  if (status !== 0) throw new Error(stderr);
  return (performance.now() - start) / 1000;
}

async function compare(rounds: number, bytes: number): Promise<void> {
  const server = spawn(process.execPath, [process.argv[1] as string, 'serve', size, rate], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const port = String(((await once(server.stdout, 'data')) as [Buffer])[0]).trim();
  const endpoint = `http://127.0.0.1:${port}`;
  const fetched = `curl -sS -o "$HOME/file" ${endpoint}/x/y/resolve/c0ffee0/m-Q8_0.gguf`;
  const commands = {
    curl: fetched,
    'curl and sha256sum': `${fetched} && sha256sum "$HOME/file"`,
    'mistral pull': `${process.execPath} bin/mistral.js pull hf:x/y`,
  };
  const walls = Object.entries(commands).map(([name, command]) => ({name, command, seconds: [] as number[]}));
  try {
    for (let round = 0; round < rounds; round++) {
      for (const {command, seconds} of walls) {
        const folder = mkdtempSync(join(tmpdir(), 'mistral-bench-'));
        seconds.push(timed(command, {...process.env, HOME: folder, XDG_CACHE_HOME: folder, HF_ENDPOINT: endpoint}));
        rmSync(folder, {recursive: true});
      }
    }
  } finally {
    server.kill();
  }
  const base = median(walls[0]?.seconds ?? []) ?? Number.NaN;
  for (const {name, seconds} of walls) {
    const middle = median(seconds) ?? Number.NaN;
    const each = seconds.map((value) => value.toFixed(2)).join(' ');
    console.log(
      `${name}: ${(bytes / 1e6 / middle).toFixed(0)} MB/s, ${(base / middle).toFixed(2)} of curl (${each} s)`,
    );
  }
}

if (mode === 'serve') serve(Number(size) * 1e6);
else await compare(Number(mode), Number(size) * 1e6);
