// Answers prompts with the program's own engine: reads {"prompts": [ids]}, writes {"answers": [{"ids", "logprobs"}]},
// where `logprobs` are those of the whole vocabulary right after the prompt. Started by equivalence.py.
import {readFileSync, writeFileSync} from 'node:fs';
import {openLocalBackend} from '../dist/engine/index.js';

const [model, input, output] = process.argv.slice(2);
const {prompts, maxTokens} = JSON.parse(readFileSync(input, 'utf8'));
const backend = await openLocalBackend({file: model, gpu: 'off', threads: 1});
const {signal} = new AbortController();

async function firstLogprobs(prompt) {
  const sampling = {temperature: 0, maxTokens: 1, topLogprobs: backend.tokenizer.vocabSize};
  const logprobs = new Array(backend.tokenizer.vocabSize).fill(null);
  for await (const event of backend.complete({prompt, sampling}, signal)) {
    if (event.type !== 'text') continue;
    for (const {top} of event.logprobs ?? []) for (const {token, logprob} of top) logprobs[token] = logprob;
  }
  return logprobs;
}

async function greedy(prompt) {
  const ids = [];
  const sampling = {temperature: 0, maxTokens, topLogprobs: 0};
  for await (const event of backend.complete({prompt, sampling}, signal)) {
    if (event.type === 'text') ids.push(...(event.logprobs ?? []).map(({token}) => token));
  }
  return ids;
}

const answers = [];
for (const prompt of prompts) answers.push({ids: await greedy(prompt), logprobs: await firstLogprobs(prompt)});
writeFileSync(output, JSON.stringify({answers}));
await backend.close();
