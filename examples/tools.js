// The model calls a function of this program and answers with what it gave.
import {Conversation, fromPlain, openLocalBackend} from 'mistral-chat';

const backend = await openLocalBackend({file: process.argv[2] ?? 'models/demo/mistral-demo-q8_0.gguf'});
const weather = {
  name: 'get_current_weather',
  description: 'Get the current weather',
  // The order of the members reaches the prompt; parseJson keeps numbers as they were written, too.
  parameters: fromPlain({
    type: 'object',
    required: ['location', 'format'],
    properties: {location: {type: 'string'}, format: {type: 'string', enum: ['celsius', 'fahrenheit']}},
  }),
};
const chat = new Conversation({
  backend,
  settings: () => ({sampling: {temperature: 0}, tools: [weather]}),
  // What a model asks for is a text of its own: nothing of it is to be trusted.
  runTool: async (call) => {
    console.log(`${call.name} ${call.arguments}`);
    return JSON.stringify({temperature: 21, unit: 'celsius'});
  },
});

for await (const event of chat.send("What's the weather like today in Paris?", AbortSignal.timeout(60_000))) {
  if (event.type === 'text') process.stdout.write(event.text);
}
console.log();
await backend.close();
