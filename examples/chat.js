// A chat of two turns: the conversation keeps the messages, only what is new is evaluated.
import {Conversation, openLocalBackend} from 'mistral-chat';

const backend = await openLocalBackend({file: process.argv[2] ?? 'models/demo/mistral-demo-q8_0.gguf'});
const chat = new Conversation({backend, settings: () => ({sampling: {temperature: 0}})});
const {signal} = new AbortController();

for (const question of ['What is the capital of France?', 'And of Italy?']) {
  for await (const event of chat.send(question, signal)) {
    if (event.type === 'text') process.stdout.write(event.text);
    if (event.type === 'finish') console.log(` (${event.usage.completionTokens} tokens, ${event.reason})`);
  }
}
await backend.close();
