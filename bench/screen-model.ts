// Decode speed with the screen on, as a part of that with plain writes, on a real model: one process, the same answer in
// the order plain, screen, screen, plain, so that what the machine does meanwhile falls on both alike.
// node bench/build/js/bench/screen-model.js --model FILE [--pairs 12] [--tokens 100] [--threads 2] [--variant ink] [--drain]
// [--fresh]: every answer in a process of its own, which has to warm up
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import {parseArgs} from 'node:util';
import {spawn} from '@lydell/node-pty';
import {PtyProgram} from '../test/e2e/harness/pty.ts';
import type {AnswerResult, BesideModelOptions, Face} from './beside-model-app.ts';
import {buildScreenApp, type Variant} from './screen-bundle.ts';

const {values} = parseArgs({
  options: {
    model: {type: 'string', default: 'bench/build/1b-q4_0.gguf'},
    pairs: {type: 'string', default: '12'},
    tokens: {type: 'string', default: '100'},
    threads: {type: 'string', default: '2'},
    variant: {type: 'string', default: 'screen'},
    /** Read the terminal's side and drop it: no emulator takes its share of the cores. */
    drain: {type: 'boolean', default: false},
    /** Every answer in a process of its own. */
    fresh: {type: 'boolean', default: false},
  },
});
const folder = mkdtempSync(join(tmpdir(), 'mistral-bench-'));

/** Runs the program to its end on a pty of 100x40. */
async function run(app: string, options: BesideModelOptions): Promise<void> {
  // As bin/start.js: one pool thread, so that every decode runs on one warm thread.
  const env = {UV_THREADPOOL_SIZE: '1'};
  const args = [app, JSON.stringify(options)];
  if (values.drain) {
    const pty = spawn(process.execPath, args, {
      cols: 100,
      rows: 40,
      env: {...process.env, ...env, TERM: 'xterm-256color'},
    });
    pty.onData(() => {});
    await new Promise<void>((done) => pty.onExit(() => done()));
    return;
  }
  const program = new PtyProgram(process.execPath, args, {columns: 100, rows: 40, env});
  // Looking at the emulator's screen a hundred times a second would take from the model what is measured here.
  while (program.exitCode === undefined) await new Promise((done) => setTimeout(done, 250));
}

function median(list: readonly number[]): number {
  const sorted = [...list].sort((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[half] ?? 0) : ((sorted[half - 1] ?? 0) + (sorted[half] ?? 0)) / 2;
}

const mean = (list: readonly number[]) => list.reduce((sum, value) => sum + value, 0) / list.length;

/** Of each pair of neighbours: the screen's speed as a part of the plain one's. */
function ratios(results: readonly AnswerResult[]): number[] {
  const speed = (pair: readonly AnswerResult[], face: Face) =>
    pair.find((one) => one.face === face)?.tokensPerSecond ?? Number.NaN;
  return Array.from({length: results.length / 2}, (_, index) => results.slice(2 * index, 2 * index + 2)).map(
    (pair) => speed(pair, 'screen') / speed(pair, 'plain'),
  );
}

try {
  const app = await buildScreenApp('beside-model-app', values.variant as Variant, folder);
  const block: readonly Face[] = ['plain', 'screen', 'screen', 'plain'];
  const [tokens, threads, pairs] = [values.tokens, values.threads, values.pairs].map(Number) as [
    number,
    number,
    number,
  ];
  // Two answers first warm the program up and are not counted.
  const warmUp = values.fresh ? 0 : 2;
  const faces = Array.from({length: warmUp + 2 * pairs}, (_, index) => block[index % 4] ?? 'plain');
  const processes = values.fresh ? faces.map((face) => [face]) : [faces];
  const all: AnswerResult[] = [];
  for (const some of processes) {
    await run(app, {model: resolve(values.model), threads, tokens, faces: some, folder});
    all.push(...(JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8')) as AnswerResult[]));
  }
  const results = all.slice(warmUp);
  const pairRatios = ratios(results).sort((a, b) => a - b);
  for (const face of ['plain', 'screen'] as const) {
    const own = results.filter((one) => one.face === face);
    const speeds = own.map((one) => one.tokensPerSecond);
    const [cpu, turns] = [mean(own.map((one) => one.mainMs)), mean(own.map((one) => one.wakeUps))];
    console.log(
      `${face}: median ${median(speeds).toFixed(2)} tok/s (${Math.min(...speeds).toFixed(2)} to ${Math.max(...speeds).toFixed(2)}); ` +
        `JavaScript thread ${((1000 * cpu) / tokens).toFixed(0)} µs and ${(turns / tokens).toFixed(1)} turns a token`,
    );
  }
  const quartile = (part: number) => pairRatios[Math.floor(part * (pairRatios.length - 1))]?.toFixed(3);
  console.log(
    `screen / plain: median of ${pairRatios.length} pairs ${median(pairRatios).toFixed(3)}, quartiles ${quartile(0.25)} and ${quartile(0.75)}`,
  );
} finally {
  rmSync(folder, {recursive: true, force: true});
}
process.exit(0);
