// `mistral bench`: prompt and decode speed of the path every command uses.
import type {Command} from 'commander';
import {collectAnswer} from '../engine/answer.ts';
import type {Backend} from '../engine/backend.ts';
import type {Io} from './io.ts';
import {addEngineOptions, addModelArgument, type EngineFlags, modelArgument, number} from './options.ts';

interface BenchFlags {
  /** Tokens. */
  readonly promptTokens: number;
  readonly genTokens: number;
  readonly repetitions: number;
  readonly json?: true;
}

/** Tokens per second. */
interface Rates {
  readonly prompt: readonly number[];
  readonly generation: readonly number[];
}

const EXAMPLES = `
Examples:
  mistral bench ~/models/7B
  mistral bench ~/models/7B --prompt-tokens 2048 --threads 4 --json`;

export function addBenchCommand(command: Command, io: Io): void {
  const count = number({integer: true, min: 1});
  addModelArgument(command);
  command
    .description('Measure prompt and decode speed.')
    .option('--prompt-tokens <n>', 'length of the prompt', count, 512)
    .option('--gen-tokens <n>', 'tokens to generate', number({integer: true, min: 2}), 128)
    .option('-r, --repetitions <n>', 'measured runs, after one that warms up', count, 5)
    .option('--json', 'all figures as one JSON object');
  addEngineOptions(command);
  command.addHelpText('after', EXAMPLES);
  command.action(async (model?: string) => {
    const flags = command.opts<BenchFlags & EngineFlags & {modelPath?: string}>();
    const ctx = flags.ctx ?? flags.promptTokens + flags.genTokens + 1;
    const {openBackend} = await import('./open-backend.ts');
    const backend = await openBackend(io, modelArgument(model, flags), {...flags, ctx});
    await runBench(io, backend, flags).finally(() => backend.close());
  });
}

/** Measures and prints a table, or one object with every run. */
export async function runBench(io: Io, backend: Backend, flags: BenchFlags): Promise<void> {
  const {promptTokens, genTokens, repetitions} = flags;
  const rates = await measure(backend, flags, io.stop);
  const {id, path, device} = backend.model;
  if (flags.json) {
    io.stdout.write(
      `${JSON.stringify({model: id, path, device, prompt_tokens: promptTokens, gen_tokens: genTokens, repetitions, prompt_tokens_per_second: rates.prompt, gen_tokens_per_second: rates.generation})}\n`,
    );
    return;
  }
  const rows = [
    ['test', 'tokens', 'best t/s', 'median t/s'],
    ['prompt', String(promptTokens), ...bestAndMedian(rates.prompt)],
    ['generation', String(genTokens), ...bestAndMedian(rates.generation)],
  ];
  io.stdout.write(`${id}, ${device}, ${repetitions} runs\n${rows.map(tableRow).join('')}`);
}

async function measure(backend: Backend, flags: BenchFlags, stop: AbortSignal): Promise<Rates> {
  const prompt: number[] = [];
  const generation: number[] = [];
  for (let run = 0; run <= flags.repetitions; run++) {
    const {finish} = await collectAnswer(backend.complete(benchRequest(backend, flags, run), stop));
    stop.throwIfAborted();
    const {promptTokensPerSecond, tokensPerSecond} = finish.timings;
    if (run === 0) continue;
    prompt.push(promptTokensPerSecond ?? 0);
    generation.push(tokensPerSecond ?? 0);
  }
  return {prompt, generation};
}

/** Ordinary tokens, other ones in every run so that no cache helps; the end of the answer is forbidden. */
function benchRequest({tokenizer}: Backend, {promptTokens, genTokens}: BenchFlags, run: number) {
  const bos = tokenizer?.bos ?? 1;
  const size = tokenizer?.vocabSize ?? 1000;
  const prompt = Array.from({length: promptTokens}, (_, i) => {
    if (i === 0) return bos;
    for (let token = 1 + ((i * 7919 + run * 104_729) % (size - 1)); ; token = 1 + (token % (size - 1))) {
      if (!tokenizer?.isControl(token)) return token;
    }
  });
  const never: [number, number] = [tokenizer?.eos ?? 2, -100];
  return {prompt, sampling: {temperature: 0, maxTokens: genTokens, logitBias: new Map([never])}};
}

function bestAndMedian(rates: readonly number[]): string[] {
  const sorted = rates.toSorted((a, b) => a - b);
  return [sorted.at(-1), sorted[sorted.length >> 1]].map((rate) => (rate ?? 0).toFixed(1));
}

function tableRow([name = '', ...figures]: readonly string[]): string {
  return `${name.padEnd(12)}${figures.map((figure) => figure.padStart(12)).join('')}\n`;
}
