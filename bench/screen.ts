// What the chat screen costs, in a real pty: CPU a token against plain writes, bytes, clears, key echo, memory, first frame.
// npm run bench:screen -- [--tokens 20000] [--rate 200]
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {parseArgs} from 'node:util';
import {build} from 'esbuild';
import {bundleOptions} from '../test/e2e/harness/bundle.ts';
import {PtyProgram} from '../test/e2e/harness/pty.ts';
import {CORPUS} from './screen-corpus.ts';

const {values} = parseArgs({
  options: {tokens: {type: 'string', default: '20000'}, rate: {type: 'string', default: '200'}},
});
const tokens = Number(values.tokens);
const folder = mkdtempSync(join(tmpdir(), 'mistral-bench-'));
writeFileSync(join(folder, 'corpus.md'), CORPUS);

interface Figures {
  readonly microseconds: number;
  readonly quarters: readonly number[];
  readonly bytes: number;
  readonly clears: number;
  readonly rssMB: number;
  readonly echo: readonly number[];
}

/** Runs one mode to its end; in the screen a key is typed three times a second and timed until it is drawn. */
async function measure(mode: 'plain' | 'screen'): Promise<Figures> {
  const result = join(folder, `${mode}.json`);
  const args = [join(folder, 'screen-app.js'), mode, values.tokens, values.rate, result, join(folder, 'corpus.md')];
  const program = new PtyProgram(process.execPath, args, {columns: 100, rows: 40, patience: 600_000});
  const echo: number[] = [];
  if (mode === 'screen') {
    await program.see('ready');
    program.type('go\r');
    await program.see('generating');
    const end = Date.now() + (1000 * tokens) / Number(values.rate) - 1000;
    while (Date.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 333));
      echo.push(await echoTime(program));
    }
    await program.see('stop: end of answer');
    program.type('\x15\x04');
  }
  await program.exited();
  const {marks, rss} = JSON.parse(readFileSync(result, 'utf8')) as {marks: number[]; rss: number};
  const quarters = marks.slice(1).map((mark, index) => (mark - (marks[index] ?? 0)) / (tokens / 4));
  return {
    microseconds: ((marks.at(-1) ?? 0) - (marks[0] ?? 0)) / tokens,
    quarters,
    bytes: Buffer.byteLength(program.output) / tokens,
    clears: (program.output.match(/\x1b\[[23]J/g) ?? []).length,
    rssMB: rss / 1e6,
    echo,
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

/** Milliseconds from the start of the program to the prompt on the way to the terminal. */
async function firstFrame(): Promise<number> {
  const started = performance.now();
  const args = [
    join(folder, 'screen-app.js'),
    'screen',
    '10',
    '100',
    join(folder, 'x.json'),
    join(folder, 'corpus.md'),
  ];
  const program = new PtyProgram(process.execPath, args, {columns: 100, rows: 40});
  while (!program.output.includes('Ask anything')) await new Promise((resolve) => setTimeout(resolve, 1));
  const elapsed = performance.now() - started;
  program.kill('SIGKILL');
  await program.exited();
  return elapsed;
}

function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}

try {
  await build({...bundleOptions, entryPoints: ['bench/screen-app.ts'], outdir: folder, minify: true});
  const starts: number[] = [];
  for (let run = 0; run < 7; run += 1) starts.push(await firstFrame());
  const plain = await measure('plain');
  const screen = await measure('screen');
  const echo = [...screen.echo].sort((a, b) => a - b);
  const row = (name: string, {microseconds, quarters, bytes, clears, rssMB}: Figures) =>
    `| ${name} | ${microseconds.toFixed(0)} | ${quarters.map((quarter) => quarter.toFixed(0)).join(' / ')} | ${bytes.toFixed(1)} | ${clears} | ${rssMB.toFixed(0)} |`;
  console.log(
    [
      `${tokens} tokens at ${values.rate} tok/s, Node ${process.version}, 100x40`,
      '',
      '| | µs CPU a token | by quarter | bytes a token | clears | RSS MB |',
      '|---|---|---|---|---|---|',
      row('plain `stdout.write`', plain),
      row('chat screen', screen),
      '',
      `CPU against plain: ${(screen.microseconds / plain.microseconds).toFixed(2)}`,
      `key echo: median ${quantile(echo, 0.5).toFixed(1)} ms, p95 ${quantile(echo, 0.95).toFixed(1)} ms (${echo.length} keys)`,
      `first frame: ${starts.map((value) => value.toFixed(0)).join(', ')} ms`,
    ].join('\n'),
  );
} finally {
  rmSync(folder, {recursive: true, force: true});
}
