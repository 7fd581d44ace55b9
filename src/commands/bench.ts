// `mistral bench`: prompt and decode speed of the path every command uses.

import type {Command} from 'commander';
import {table} from '../base/text-table.ts';
import {counted} from '../base/units.ts';
import type {Backend} from '../engine/contract/backend.ts';
import {measureSpeed, median} from '../engine/measure-speed.ts';
import type {Io} from './host/io.ts';
import {addEngineOptions, addModelArgument, type EngineFlags, modelArgument, number} from './options.ts';

interface BenchFlags {
  readonly promptTokens?: number;
  readonly generatedTokens?: number;
  readonly repetitions: number;
  readonly json?: true;
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
    .option('--prompt-tokens <n>', 'length of the prompt (default: 512, or what fits)', count)
    .option('--generated-tokens <n>', 'length of the answer (default: 128, or what fits)', count)
    .option('-r, --repetitions <n>', 'measured runs, after one that warms up', count, 5)
    .option('--json', 'all figures as one JSON object');
  addEngineOptions(command);
  command.addHelpText('after', EXAMPLES);
  command.action(async (model?: string) => {
    const flags = command.opts<BenchFlags & EngineFlags & {modelPath?: string}>();
    const {withBackend} = await import('./open-model/open-backend.ts');
    await withBackend(io, modelArgument(model, flags), flags, (backend) => runBench(io, backend, flags));
  });
}

/** Measures and prints a table, or one object with every run. */
export async function runBench(io: Io, backend: Backend, flags: BenchFlags): Promise<void> {
  const report = await measureSpeed(backend, flags, io.stop);
  const {id, path, device} = backend.model;
  if (flags.json) {
    const figures = {
      prompt_tokens: report.promptTokens,
      generated_tokens: report.generatedTokens,
      prompt_tokens_per_second: report.prompt,
      generated_tokens_per_second: report.generation,
      first_token_ms: report.firstToken,
    };
    io.json({model: id, path, device, ...figures});
    return;
  }
  const rows = [
    ['', 'tokens', 'median', 'best', ''],
    ['prompt', String(report.promptTokens), ...medianAndBest(report.prompt, Math.max), 'tokens/s'],
    ['generation', String(report.generatedTokens), ...medianAndBest(report.generation, Math.max), 'tokens/s'],
    ['first token', '1', ...medianAndBest(report.firstToken, Math.min), 'ms'],
  ];
  const runs = counted(report.generation.length, 'run');
  io.show(table([[`${id}, ${device}, ${runs}`]]) + rows.map(tableRow).join(''));
}

function medianAndBest(values: readonly number[], best: (...values: number[]) => number): string[] {
  return values.length === 0 ? ['-', '-'] : [median(values) ?? 0, best(...values)].map((value) => value.toFixed(1));
}

function tableRow([name = '', tokens = '', middle = '', best = '', unit = '']: readonly string[]): string {
  return `${name.padEnd(12)}${tokens.padStart(8)}${middle.padStart(11)}${best.padStart(11)}  ${unit}`
    .trimEnd()
    .concat('\n');
}
