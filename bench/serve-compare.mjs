// mistral serve against llama-server on the same file, threads and kernels, in alternation: tokens a second of all
// streams together. node bench/serve-compare.mjs MODEL [threads 2] [rounds 3] [tokens 64] [streams 1,2,4,8]; builds
// nothing itself.
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {resolve} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';

const [model = '', threads = '2', rounds = '3', tokens = '64', counts = '1,2,4,8'] = process.argv.slice(2);
const STREAMS = counts.split(',').map(Number);
const SLOT_TOKENS = 512;
const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];

/** Starts a server and waits until it is healthy. */
async function start(program, args, cwd, port) {
  const child = spawn(program, args, {cwd, stdio: 'ignore'});
  const url = `http://127.0.0.1:${port}`;
  let ended;
  child.on('exit', (...how) => {
    ended = how;
  });
  while (!ended && !(await fetch(`${url}/health`).catch(() => ({ok: false}))).ok) await sleep(100);
  if (ended) throw new Error(`${program} ended with ${ended}`);
  shareWeight(child.pid);
  return {url, child};
}

/**
 * Linux weighs processes by session (sched_autogroup), and a new session weighs as any other. `mistral serve` runs below a
 * supervisor in a session of its own, so a weight given to this benchmark would reach llama-server alone: each process of both
 * gets it.
 */
function shareWeight(pid) {
  if (!existsSync('/proc/self/autogroup')) return;
  const weight = readFileSync('/proc/self/autogroup', 'utf8').split(' ').at(-1).trim();
  for (const one of withDescendants(pid)) {
    if (!readFileSync(`/proc/${one}/autogroup`, 'utf8').trim().endsWith(` ${weight}`)) {
      writeFileSync(`/proc/${one}/autogroup`, weight);
    }
  }
}

function withDescendants(pid) {
  const parents = new Map();
  for (const one of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const stat = existsSync(`/proc/${one}/stat`) ? readFileSync(`/proc/${one}/stat`, 'utf8') : '';
    parents.set(Number(one), Number(stat.replace(/^.*\) /s, '').split(' ')[1]));
  }
  const all = [pid];
  for (const one of all) for (const [child, parent] of parents) if (parent === one) all.push(child);
  return all;
}

let salt = 0;
/** One streamed answer; milliseconds to its first token. */
async function answer(url) {
  const prompt = Array.from({length: 16}, (_, at) => 300 + ((at * 7919 + ++salt * 104_729) % 3000));
  const body = {prompt, n_predict: Number(tokens), temperature: 0, logit_bias: [[2, -100]], stream: true};
  const started = performance.now();
  const reply = await fetch(`${url}/completion`, {method: 'POST', body: JSON.stringify(body)});
  let first;
  let text = '';
  for await (const part of reply.body) {
    first ??= performance.now() - started;
    text += Buffer.from(part).toString();
  }
  const predicted = /"tokens_predicted":(\d+)(?![\s\S]*"tokens_predicted")/.exec(text)?.[1];
  if (predicted !== tokens) throw new Error(`${url}: ${predicted} tokens instead of ${tokens}`);
  return first;
}

async function measure(url, streams) {
  const started = performance.now();
  await Promise.all(Array.from({length: streams}, () => answer(url)));
  return (streams * Number(tokens) * 1000) / (performance.now() - started);
}

const slots = String(Math.max(8, ...STREAMS));
const libraries = readFileSync('bench/build/libraries', 'utf8').trim();
const theirs = await start(
  resolve('bench/build/llama-server'),
  [
    '-m',
    resolve(model),
    '-t',
    threads,
    '-np',
    slots,
    '-c',
    String(SLOT_TOKENS * Number(slots)),
    '-fa',
    'on',
    '--no-jinja',
    '--chat-template',
    'chatml',
    '--port',
    '18201',
  ],
  libraries,
  18_201,
);
const ours = await start(
  process.execPath,
  [
    'bin/mistral.js',
    'serve',
    resolve(model),
    '--threads',
    threads,
    '--parallel',
    slots,
    '--ctx',
    String(SLOT_TOKENS),
    '--gpu',
    'off',
    '--port',
    '18202',
  ],
  process.cwd(),
  18_202,
);
try {
  for (const {url} of [theirs, ours]) await measure(url, 2);
  console.log('| streams | llama-server tok/s | mistral serve tok/s | ratio | each round |\n|---|---|---|---|---|');
  for (const streams of STREAMS) {
    const [a, b] = [[], []];
    for (let round = 0; round < Number(rounds); round++) {
      a.push(await measure(theirs.url, streams));
      b.push(await measure(ours.url, streams));
    }
    const ratios = a.map((one, at) => b[at] / one);
    const each = ratios.map((ratio) => ratio.toFixed(2)).join(' ');
    console.log(
      `| ${streams} | ${median(a).toFixed(1)} | ${median(b).toFixed(1)} | ${median(ratios).toFixed(3)} | ${each} |`,
    );
  }
} finally {
  for (const {child} of [theirs, ours]) child.kill();
  await Promise.all([theirs, ours].map(({child}) => child.exitCode ?? once(child, 'exit')));
}
