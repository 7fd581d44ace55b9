// What belongs between a prefix and a suffix, for editors.
import {openLocalBackend} from 'mistral-chat';

const backend = await openLocalBackend({file: process.argv[2] ?? 'models/demo/mistral-demo-q8_0.gguf'});
const request = {prompt: 'def add(', suffix: '    return sum', sampling: {temperature: 0, maxTokens: 64}};

for await (const event of backend.fim(request, AbortSignal.timeout(60_000))) {
  if (event.type === 'text') process.stdout.write(event.text);
}
await backend.close();
