// Answers prompts with the program's own engine: reads {"prompts": [ids], "maxTokens"}, writes {"answers": [{"ids",
// "logprobs"}]}, where `logprobs` are those of the whole vocabulary right after the prompt. Started by equivalence.py.
import {readFileSync, writeFileSync} from 'node:fs';
import {openLlama} from '../dist/engine/llama/llama.js';
import {preflight} from '../dist/engine/models/preflight.js';

const [file, input, output] = process.argv.slice(2);
const {prompts, maxTokens} = JSON.parse(readFileSync(input, 'utf8'));
const model = await openLlama({file: preflight(file), gpu: 'off', threads: 1, kvType: 'F32', flashAttention: false});
const {signal} = new AbortController();
const WHOLE_VOCABULARY = 1_000_000;

async function tokens(prompt, sampling) {
  const found = [];
  for await (const event of model.generate(prompt, {sampling}, signal)) {
    if (event.type === 'token') found.push(event);
  }
  return found;
}

const answers = [];
for (const prompt of prompts) {
  const answer = await tokens(prompt, {temperature: 0, maxTokens});
  const [first] = await tokens(prompt, {temperature: 0, maxTokens: 1, topLogprobs: WHOLE_VOCABULARY});
  const ids = answer.map(({token}) => token).filter((token) => !model.isEndOfGeneration(token));
  answers.push({ids, logprobs: first.logprob.top.map(({token, logprob}) => [token, logprob])});
}
writeFileSync(output, JSON.stringify({answers}));
await model.close();
