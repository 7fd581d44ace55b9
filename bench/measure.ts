// One measurement of our own path in a process of its own; prints one line of JSON. Run by compare.ts.
import {parseArgs} from 'node:util';
import {type Backend, measureSpeed, openLocalBackend} from '../src/engine/index.ts';

const {values} = parseArgs({
  options: {
    model: {type: 'string'},
    engine: {type: 'string', default: 'native'},
    task: {type: 'string', default: 'speed'},
    threads: {type: 'string', default: '2'},
    repetitions: {type: 'string', default: '2'},
    slots: {type: 'string', default: '1'},
    prompt: {type: 'string', default: '512'},
    generate: {type: 'string', default: '64'},
  },
});
const [threads, slots, promptTokens, generatedTokens] = [
  values.threads,
  values.slots,
  values.prompt,
  values.generate,
].map(Number) as [number, number, number, number];

const started = performance.now();
const backend = await openLocalBackend({
  file: values.model ?? '',
  device: 'off',
  calls: values.engine as 'native' | 'addon',
  threads,
  slots,
  contextSize: slots > 1 ? 512 : 2560,
});
const openMs = performance.now() - started;
async function speed(one: Backend): Promise<object> {
  const report = await measureSpeed(one, {promptTokens, generatedTokens, repetitions: Number(values.repetitions)});
  return {prompt: report.prompt, generation: report.generation, firstTokenMs: report.firstToken};
}

// Without it a random model may end at any token.
const bias = new Map([[backend.tokenizer.eos, -100]]);

/** Ids all over the vocabulary; another `salt` gives others. */
function ids(length: number, salt: number): number[] {
  const size = backend.tokenizer.vocabSize;
  return Array.from({length}, (_, at) => 300 + (((at + 1) * 2_654_435_761 + salt * 7919) % (size - 300)));
}

/** Milliseconds from the abort to the end of the stream, and to the first token of a request made right then. */
async function abortLatency(one: Backend): Promise<object> {
  const streamEnd: number[] = [];
  const nextToken: number[] = [];
  for (let n = 0; n < 20; n++) {
    const controller = new AbortController();
    let abortedAt = 0;
    setTimeout(
      () => {
        abortedAt = performance.now();
        controller.abort();
      },
      1000 + 85 * n,
    );
    const request = {prompt: ids(2000, n + 1), sampling: {temperature: 0, maxTokens: 4}};
    for await (const event of one.complete(request, controller.signal)) {
      if (event.type === 'text') throw new Error('the prompt was over before the abort');
    }
    streamEnd.push(performance.now() - abortedAt);
    const next = {prompt: [1], sampling: {temperature: 0, maxTokens: 1, logitBias: bias}};
    for await (const event of one.complete(next, new AbortController().signal)) {
      if (event.type === 'finish') nextToken.push(performance.now() - abortedAt);
    }
  }
  return {streamEnd, nextToken};
}

/** Tokens evaluated in each of four turns of a growing chat. */
async function turns(one: Backend): Promise<object> {
  const evaluated: number[] = [];
  const prompt = ids(200, 1);
  for (let turn = 0; turn < 4; turn++) {
    const request = {prompt: [...prompt], sampling: {temperature: 0, maxTokens: 17, topLogprobs: 0, logitBias: bias}};
    for await (const event of one.complete(request, new AbortController().signal)) {
      if (event.type === 'text') prompt.push(...(event.logprobs ?? []).map(({token}) => token));
      if (event.type === 'finish') evaluated.push(event.usage.promptTokens - event.usage.cachedTokens);
    }
    prompt.push(...ids(30, turn + 2));
  }
  return {evaluated};
}

/** Tokens per second of all answers together while they are written. */
async function parallel(one: Backend): Promise<object> {
  const run = async (maxTokens: number) => {
    const rates = Array.from({length: slots}, async (_, n) => {
      const request = {prompt: ids(16, n + 1), sampling: {temperature: 0, maxTokens, logitBias: bias}};
      for await (const event of one.complete(request, new AbortController().signal)) {
        if (event.type === 'finish') return event.timings.tokensPerSecond ?? 0;
      }
      return 0;
    });
    return (await Promise.all(rates)).reduce((sum, rate) => sum + rate, 0);
  };
  await run(4);
  return {total: await run(generatedTokens + 1)};
}

const tasks: Record<string, () => Promise<object>> = {
  speed: () => speed(backend),
  abort: () => abortLatency(backend),
  turns: () => turns(backend),
  parallel: () => parallel(backend),
};
const result = await tasks[values.task]?.();
console.log(JSON.stringify({openMs, rssMB: process.memoryUsage.rss() / 1e6, ...result}));
await backend.close();
