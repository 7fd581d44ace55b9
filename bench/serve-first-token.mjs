// What the server adds to the time to the first token: node bench/serve-first-token.mjs http://127.0.0.1:8080 [requests]
// From sending the request to reading the first text, less what the engine says the prompt took.
const [url = 'http://127.0.0.1:8080', requests = '40'] = process.argv.slice(2);
const added = [];
const whole = [];
for (let index = 0; index < Number(requests); index++) {
  const body = JSON.stringify({prompt: `The number ${index} is`, n_predict: 4, temperature: 0, stream: true});
  const started = performance.now();
  const reply = await fetch(`${url}/completion`, {method: 'POST', body});
  let first;
  let text = '';
  for await (const part of reply.body) {
    text += Buffer.from(part).toString();
    if (text.includes('"content"')) first ??= performance.now() - started;
  }
  const {timings} = JSON.parse(text.trim().split('\n\n').at(-1).slice('data: '.length));
  added.push(first - timings.prompt_ms);
  whole.push(first);
}
const at = (list, share) => [...list].sort((a, b) => a - b)[Math.floor(list.length * share)].toFixed(2);
console.log(`added ms: median ${at(added, 0.5)}, p90 ${at(added, 0.9)}; to the first token: median ${at(whole, 0.5)}`);
