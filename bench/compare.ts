// Our path against llama.cpp's own tools on the same file, in alternation; prints the tables of docs/design/benchmarks.md.
// npm run bench -- [--model FILE] [--threads 2] [--rounds 3] [--tried 3] [--engine native] [--only speed,abort,turns,parallel]
import {execFileSync} from 'node:child_process';
import {readFileSync, statSync} from 'node:fs';
import {resolve} from 'node:path';
import {parseArgs} from 'node:util';
import {median} from '../src/engine/index.ts';
import {oneBillionModel} from './make-model.ts';
import {othersLine, quietPairs} from './quiet-pairs.ts';

const {values} = parseArgs({
  options: {
    model: {type: 'string'},
    threads: {type: 'string', default: '2'},
    rounds: {type: 'string', default: '3'},
    /** Pairs that are measured; of them the quietest `rounds` count. */
    tried: {type: 'string', default: '0'},
    engine: {type: 'string', default: 'native'},
    repetitions: {type: 'string', default: '2'},
    only: {type: 'string', default: 'speed,abort,turns,parallel'},
    slots: {type: 'string', default: '1,2,4,8'},
    prompt: {type: 'string', default: '512'},
    generate: {type: 'string', default: '64'},
  },
});
const model = resolve(values.model ?? oneBillionModel());
const rounds = Number(values.rounds);

interface Measured {
  readonly openMs: number;
  readonly rssMB: number;
  readonly prompt: number[];
  readonly generation: number[];
  readonly firstTokenMs: number[];
  readonly streamEnd: number[];
  readonly nextToken: number[];
  readonly evaluated: number[];
  readonly total: number;
}

function ours(task: string, ...more: string[]): Measured {
  const script = resolve('bench/build/js/bench/measure.js');
  const options = [
    '--model',
    model,
    '--task',
    task,
    '--threads',
    values.threads,
    '--prompt',
    values.prompt,
    '--generate',
    values.generate,
    '--engine',
    values.engine,
    '--repetitions',
    values.repetitions,
    ...more,
  ];
  const env = {...process.env, UV_THREADPOOL_SIZE: '1'};
  return JSON.parse(execFileSync(process.execPath, [script, ...options], {encoding: 'utf8', env}));
}

/** A tool of llama.cpp, run where it finds the kernels. */
function theirs(tool: string, args: readonly string[]): string {
  const cwd = readFileSync('bench/build/libraries', 'utf8').trim();
  return execFileSync(resolve('bench/build', tool), args, {cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore']});
}

const common = ['-m', model, '-t', values.threads, '-fa', '1'];

function llamaBench(): {prompt: number; generation: number} {
  const [prompt, generation] = JSON.parse(
    theirs('llama-bench', [
      ...common,
      '-p',
      values.prompt,
      '-n',
      values.generate,
      '-r',
      values.repetitions,
      '-o',
      'json',
    ]),
  ) as {avg_ts: number}[];
  return {prompt: prompt?.avg_ts ?? 0, generation: generation?.avg_ts ?? 0};
}

/** Tokens per second of all sequences together. */
function batchedBench(sequences: number): number {
  const sizes = ['-npp', '16', '-ntg', values.generate, '-npl', String(sequences), '-c', String(512 * sequences)];
  const out = theirs('llama-batched-bench', [...common, ...sizes, '--output-format', 'jsonl']);
  return JSON.parse(out.trim().split('\n').at(-1) ?? '{}').speed_tg;
}

const show = (list: readonly number[], digits = 1) => (median(list) ?? Number.NaN).toFixed(digits);

function table(head: readonly string[], rows: readonly (readonly string[])[]): void {
  console.log(`\n| ${head.join(' | ')} |\n|${head.map(() => '---|').join('')}`);
  for (const row of rows) console.log(`| ${row.join(' | ')} |`);
}

const measuring = {wanted: rounds, tried: Number(values.tried)};

const tasks: Record<string, () => void | Promise<void>> = {
  async speed() {
    const pairs = await quietPairs(llamaBench, () => ours('speed'), measuring);
    const [bench, own] = [pairs.map(({theirs}) => theirs), pairs.map((pair) => pair.ours)];
    const row = (name: string, a: readonly number[], b: readonly number[]) => {
      const ratios = a.map((one, at) => (b[at] ?? Number.NaN) / one);
      return [name, show(a), show(b), show(ratios, 3), ratios.map((ratio) => ratio.toFixed(2)).join(' ')];
    };
    table(
      ['tokens per second, median', 'llama-bench', 'ours', 'ratio', 'each round'],
      [
        row(
          `prompt ${values.prompt}`,
          bench.map(({prompt}) => prompt),
          own.map(({prompt}) => median(prompt) ?? 0),
        ),
        row(
          'decode',
          bench.map(({generation}) => generation),
          own.map(({generation}) => median(generation) ?? 0),
        ),
      ],
    );
    console.log(`\n${othersLine(pairs)}`);
    table(
      ['open ms', 'first token ms', 'resident MB', 'file MB'],
      [
        [
          show(
            own.map(({openMs}) => openMs),
            0,
          ),
          show(own.flatMap(({firstTokenMs}) => firstTokenMs)),
          show(
            own.map(({rssMB}) => rssMB),
            0,
          ),
          (statSync(model).size / 1e6).toFixed(0),
        ],
      ],
    );
  },
  abort() {
    const {streamEnd, nextToken} = ours('abort');
    const cells = (list: readonly number[]) => [show(list, 0), Math.max(...list).toFixed(0)];
    table(
      ['abort during a 2000-token prompt, ms', 'median', 'worst of 20'],
      [
        ['to the end of the stream', ...cells(streamEnd)],
        ['to the first token of the next request', ...cells(nextToken)],
      ],
    );
  },
  turns() {
    const {evaluated} = ours('turns');
    table(['turn', ...evaluated.map((_, at) => String(at + 1))], [['tokens evaluated', ...evaluated.map(String)]]);
  },
  async parallel() {
    const rows: string[][] = [];
    for (const slots of values.slots.split(',').map(Number)) {
      const pairs = await quietPairs(
        () => batchedBench(slots),
        () => ours('parallel', '--slots', String(slots)).total,
        measuring,
      );
      const ratios = pairs.map(({theirs: one, ours: other}) => other / one);
      rows.push([
        String(slots),
        show(pairs.map(({theirs: one}) => one)),
        show(pairs.map(({ours: one}) => one)),
        show(ratios, 3),
        ratios.map((ratio) => ratio.toFixed(2)).join(' '),
        othersLine(pairs),
      ]);
    }
    table(['sequences', 'llama-batched-bench tok/s', 'ours tok/s', 'ratio', 'each round', 'load'], rows);
  },
};

for (const task of values.only.split(',')) await tasks[task]?.();
