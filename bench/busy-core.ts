// Decoding beside one busy process that is pinned to one core: with one thread, with all, and with as many as the times of
// the steps say. Alternates the three in one process; prints tokens per second and what following gave of the better one.
// npx tsc -p bench/tsconfig.json; node bench/build/js/bench/busy-core.js [--engine native] [--threads 2] [--rounds 5]
import {spawn} from 'node:child_process';
import {parseArgs} from 'node:util';
import {type LocalBackend, median, type OpenLocalOptions, openLocalBackend} from '../src/engine/index.ts';
import {oneBillionModel} from './make-model.ts';

const {values} = parseArgs({
  options: {
    model: {type: 'string'},
    engine: {type: 'string', default: 'addon'},
    threads: {type: 'string', default: '2'},
    rounds: {type: 'string', default: '5'},
    generate: {type: 'string', default: '96'},
    core: {type: 'string', default: '0'},
    /** Measures the idle machine instead. */
    idle: {type: 'boolean', default: false},
  },
});
const [threads, rounds, generate] = [values.threads, values.rounds, values.generate].map(Number) as [
  number,
  number,
  number,
];

const open = (count: number): Promise<LocalBackend> =>
  openLocalBackend({
    file: values.model ?? oneBillionModel(),
    device: 'off',
    calls: values.engine as NonNullable<OpenLocalOptions['calls']>,
    threads: count,
    contextSize: 512,
  });

/** Tokens per second. An answer with a seed of its own keeps all its threads. */
async function decode(backend: LocalBackend, seed?: number): Promise<number> {
  const sampling = {
    temperature: 0.7,
    maxTokens: generate,
    logitBias: new Map([[backend.tokenizer.eos, -100]]),
    ...(seed !== undefined && {seed}),
  };
  for await (const event of backend.complete({prompt: [1], sampling}, new AbortController().signal)) {
    if (event.type === 'finish') return event.timings.tokensPerSecond ?? 0;
  }
  return 0;
}

const one = await open(1);
const all = await open(threads);
await decode(one, 1);
await decode(all, 1);
const busy = values.idle
  ? undefined
  : spawn('taskset', ['-c', values.core, process.execPath, '-e', 'for (;;);'], {stdio: 'ignore'});
const measured: {readonly one: number; readonly all: number; readonly followed: number}[] = [];
try {
  for (let round = 0; round < rounds; round++) {
    const figures = {one: await decode(one, 1), all: await decode(all, 1), followed: await decode(all)};
    measured.push(figures);
    const shown = Object.entries(figures).map(([name, figure]) => `${name} ${figure.toFixed(1)}`);
    console.log(
      `${shown.join(', ')}: ${(figures.followed / Math.max(figures.one, figures.all)).toFixed(2)} of the better`,
    );
  }
} finally {
  busy?.kill();
}
const of = (name: 'one' | 'all' | 'followed') => median(measured.map((figures) => figures[name])) ?? 0;
console.log(
  `medians: one ${of('one').toFixed(1)}, all ${of('all').toFixed(1)}, followed ${of('followed').toFixed(1)}:`,
  `${(of('followed') / Math.max(of('one'), of('all'))).toFixed(2)} of the better`,
);
await one.close();
await all.close();
