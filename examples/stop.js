// Stops an answer: an AbortSignal is the only way, and the stream ends as always, with a `finish`.
import {openLocalBackend} from 'mistral-chat';

const backend = await openLocalBackend({file: process.argv[2] ?? 'models/demo/mistral-demo-q8_0.gguf'});
const stop = new AbortController();
const messages = [{role: 'user', content: 'List the days of the week.'}];

for await (const event of backend.chat({messages, sampling: {temperature: 0}}, stop.signal)) {
  if (event.type === 'text') {
    process.stdout.write(event.text);
    if (event.text.includes('Tuesday')) stop.abort();
  }
  if (event.type === 'finish') console.log(`\n${event.reason}`);
}
await backend.close();
