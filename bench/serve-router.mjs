// A model behind the router of several against the same model served alone, in alternation: tokens a second of all streams
// together. node bench/serve-router.mjs [model, default the embedded one] [rounds 10] [tokens 400] [streams 1,4]; needs a build.
import {spawn} from 'node:child_process';
import {resolve} from 'node:path';

const DEMO = 'models/demo/mistral-demo-q8_0.gguf';
const [model = DEMO, rounds = '10', tokens = '400', counts = '1,4'] = process.argv.slice(2);
const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
const FLAGS = ['--port', '0', '--gpu', 'off', '--parallel', '8', '--log-level', 'silent', '--ctx', '1024'];

/** Starts a server; its address. */
async function start(...args) {
  const child = spawn(process.execPath, ['bin/mistral.js', 'serve', ...args, ...FLAGS], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  for await (const part of child.stderr) {
    said += part;
    const url = /^serving .* at (http:\S+?)[ ;]/m.exec(said)?.[1];
    if (url) return {url, child};
  }
  throw new Error(`the server ended: ${said}`);
}

async function answer(url) {
  const body = {prompt: [300, 301], n_predict: Number(tokens), temperature: 0, logit_bias: [[2, -100]], stream: true};
  const reply = await fetch(`${url}/completion`, {method: 'POST', body: JSON.stringify(body)});
  const text = await reply.text();
  const predicted = /"tokens_predicted":(\d+)(?![\s\S]*"tokens_predicted")/.exec(text)?.[1];
  if (predicted !== tokens) throw new Error(`${url}: ${predicted} tokens instead of ${tokens}`);
}

async function measure(url, streams) {
  const started = performance.now();
  await Promise.all(Array.from({length: streams}, () => answer(url)));
  return (streams * Number(tokens) * 1000) / (performance.now() - started);
}

const alone = await start(resolve(model));
const routed = await start('--models', resolve(model));
try {
  for (const {url} of [alone, routed]) await measure(url, 1);
  for (const streams of counts.split(',').map(Number)) {
    const pairs = [];
    for (let round = 0; round < Number(rounds); round++) {
      const order = round % 2 === 0 ? [alone, routed] : [routed, alone];
      const speeds = new Map();
      for (const server of order) speeds.set(server, await measure(server.url, streams));
      pairs.push([speeds.get(alone), speeds.get(routed)]);
    }
    const of = (at) => median(pairs.map((pair) => pair[at])).toFixed(0);
    const ratios = pairs.map(([a, b]) => b / a);
    const range = `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`;
    console.log(
      `${streams} streams: alone ${of(0)} tok/s, routed ${of(1)}; ratio ${median(ratios).toFixed(3)} (${range})`,
    );
  }
} finally {
  for (const {child} of [alone, routed]) child.kill('SIGTERM');
}
