// Many clients at once, some of whom leave early: node bench/serve-load.mjs http://127.0.0.1:8080 [clients] [seconds]
import {setTimeout as sleep} from 'node:timers/promises';

const [url = 'http://127.0.0.1:8080', clients = '200', seconds = '60'] = process.argv.slice(2);
const end = performance.now() + Number(seconds) * 1000;
const counts = {};
const count = (what) => {
  counts[what] = (counts[what] ?? 0) + 1;
};

async function request(random) {
  const controller = new AbortController();
  const leaves = random < 0.2;
  if (leaves) setTimeout(() => controller.abort(), random * 2000).unref();
  const body = {
    messages: [{role: 'user', content: `What is ${Math.floor(random * 20)} plus ${Math.floor(random * 13)}?`}],
    max_tokens: 24,
    stream: random < 0.6,
  };
  try {
    const reply = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      body: JSON.stringify(body),
      signal: controller.signal,
    });
    const text = await reply.text();
    if (reply.status === 429) await sleep(Number(reply.headers.get('retry-after') ?? 1) * 1000);
    const whole = body.stream ? text.endsWith('data: [DONE]\n\n') : reply.status !== 200 || JSON.parse(text).choices;
    count(reply.status === 200 && !whole ? 'broken off' : String(reply.status));
  } catch (error) {
    count(leaves && controller.signal.aborted ? 'left' : `error: ${error.cause?.code ?? error.message}`);
  }
}

async function client() {
  while (performance.now() < end) await request(Math.random());
}

const memory = async () => {
  const lines = (await (await fetch(`${url}/metrics`)).text()).split('\n');
  return lines.filter(
    (line) => /requests_processing|requests_deferred|generations_total\{/.test(line) && line[0] !== '#',
  );
};

await Promise.all(Array.from({length: Number(clients)}, client));
await sleep(2000);
const slots = await (await fetch(`${url}/slots`)).json();
console.log(
  JSON.stringify({counts, busy: slots.filter((slot) => slot.is_processing).length, metrics: await memory()}, null, 1),
);
