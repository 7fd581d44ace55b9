// What the chat screen costs, in a real pty: CPU a token, bytes, clears, key echo, memory, first frame.
// node bench/build/js/bench/screen.js [--modes plain,screen,ink] [--tokens 20000] [--rate 200] [--save docs/screen/cost.json]
import {existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {parseArgs} from 'node:util';
import {PtyProgram} from '../test/e2e/harness/pty.ts';
import {type Cost, costCurve} from './cost-curve.ts';
import type {ScreenAppOptions, ScreenAppResult} from './screen-app.ts';
import {buildScreenApp} from './screen-bundle.ts';
import {CORPUS} from './screen-corpus.ts';

const {values} = parseArgs({
  options: {
    modes: {type: 'string', default: 'plain,screen'},
    tokens: {type: 'string', default: '20000'},
    rate: {type: 'string', default: '200'},
    save: {type: 'string'},
  },
});
const [tokens, rate] = [Number(values.tokens), Number(values.rate)];
const folder = mkdtempSync(join(tmpdir(), 'mistral-bench-'));
const corpus = join(folder, 'corpus.md');

/** Runs one mode to its end; in a screen a key is typed three times a second and timed until it is drawn. */
async function measure(mode: Cost['mode']): Promise<Cost> {
  const result = join(folder, `${mode}.json`);
  const options: ScreenAppOptions = {plain: mode === 'plain', tokens, rate, corpus, result};
  const app = await buildScreenApp('screen-app', mode === 'ink' ? 'ink' : 'screen', folder);
  const program = new PtyProgram(process.execPath, [app, JSON.stringify(options)], {
    columns: 100,
    rows: 40,
    patience: 600_000,
  });
  const echo: number[] = [];
  if (mode !== 'plain') {
    await program.see('ready');
    program.type('go\r');
    await program.see('answering');
    const end = Date.now() + (1000 * tokens) / rate - 1000;
    while (Date.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 333));
      echo.push(await echoTime(program));
    }
    await program.see(/\d tok/);
    program.type('\x15\x04');
  }
  await program.exited();
  const {marks, rss} = JSON.parse(readFileSync(result, 'utf8')) as ScreenAppResult;
  const parts = marks.slice(1).map((mark, index) => (mark - (marks[index] ?? 0)) / (tokens / (marks.length - 1)));
  return {
    mode,
    tokens,
    parts,
    bytes: Buffer.byteLength(program.output) / tokens,
    clears: (program.output.match(/\x1b\[[23]J/g) ?? []).length,
    rssMB: rss / 1e6,
    echo: echo.sort((a, b) => a - b),
  };
}

/** Milliseconds from a key to its letter on the way to the terminal. */
async function echoTime(program: PtyProgram): Promise<number> {
  const from = program.output.length;
  const started = performance.now();
  program.type('~');
  while (!program.output.slice(from).includes('~')) {
    await new Promise((resolve) => setImmediate(resolve));
    if (performance.now() - started > 5000) break;
  }
  return performance.now() - started;
}

/** Milliseconds from the start of the real program to its prompt on the way to the terminal. */
async function firstFrame(): Promise<number> {
  const started = performance.now();
  const env = {MISTRAL_STATE_DIR: join(folder, 'state')};
  const program = new PtyProgram(process.execPath, ['bin/mistral-chat.js', '--instruct'], {
    columns: 100,
    rows: 40,
    env,
  });
  while (!program.output.includes('Type a message')) await new Promise((resolve) => setTimeout(resolve, 1));
  const elapsed = performance.now() - started;
  program.kill('SIGKILL');
  await program.until(() => program.exitCode !== undefined, 'its end').catch(() => undefined);
  return elapsed;
}

function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}

const mean = (list: readonly number[]) => list.reduce((sum, value) => sum + value, 0) / list.length;

function row({mode, parts, bytes, clears, rssMB, echo}: Cost): string {
  const quarter = parts.length / 4;
  const quarters = [0, 1, 2, 3].map((index) => mean(parts.slice(index * quarter, (index + 1) * quarter)).toFixed(0));
  const echoed = echo.length === 0 ? '' : `${quantile(echo, 0.5).toFixed(1)} / ${quantile(echo, 0.95).toFixed(1)}`;
  return `| ${mode} | ${mean(parts).toFixed(0)} | ${quarters.join(' / ')} | ${bytes.toFixed(1)} | ${clears} | ${rssMB.toFixed(0)} | ${echoed} |`;
}

try {
  writeFileSync(corpus, CORPUS);
  const starts: number[] = [];
  for (let run = 0; run < 10; run += 1) starts.push(await firstFrame());
  console.log(`first frame: ${starts.map((value) => value.toFixed(0)).join(', ')} ms`);
  const saved = values.save !== undefined && existsSync(values.save) ? readFileSync(values.save, 'utf8') : '[]';
  let costs = JSON.parse(saved) as readonly Cost[];
  for (const mode of values.modes.split(',') as Cost['mode'][]) {
    costs = [...costs.filter((cost) => cost.mode !== mode), await measure(mode)];
  }
  if (values.save !== undefined) {
    const rounded = (_: string, value: unknown) => (typeof value === 'number' ? Math.round(value * 10) / 10 : value);
    writeFileSync(values.save, `${JSON.stringify(costs, rounded)}\n`);
    writeFileSync(values.save.replace(/json$/, 'svg'), costCurve(costs));
  }
  const head = [
    `${tokens} tokens at ${rate} tok/s, Node ${process.version}, 100x40`,
    '',
    '| | µs CPU a token | by quarter | bytes a token | clears | RSS MB | key echo ms, median / p95 |',
    '|---|---|---|---|---|---|---|',
  ];
  console.log([...head, ...costs.map(row)].join('\n'));
} finally {
  rmSync(folder, {recursive: true, force: true});
}
process.exit(0);
