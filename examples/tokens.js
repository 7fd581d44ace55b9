// The exact prompt of a request, without running the model.
import {openLocalBackend} from 'mistral-chat';

const backend = await openLocalBackend({file: process.argv[2] ?? 'models/demo/mistral-demo-q8_0.gguf'});
const request = {messages: [{role: 'user', content: 'Hi!'}], sampling: {temperature: 0}};
const {tokens, version} = await backend.render(request);

console.log(version, tokens.map((token) => backend.tokenizer.piece(token)).join(' '));
await backend.close();
