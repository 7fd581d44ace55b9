// Decode speed beside the screen on a real model with 2 threads: plain writes, the screen, and Ink alone, in turns.
// node bench/build/js/bench/screen-model.js --model FILE [--rounds 4] [--tokens 120] [--modes plain,screen,ink]
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {parseArgs} from 'node:util';
import {PtyProgram} from '../test/e2e/harness/pty.ts';
import type {ScreenAppOptions, ScreenAppResult} from './screen-app.ts';
import {buildScreenApp} from './screen-bundle.ts';

const {values} = parseArgs({
  options: {
    model: {type: 'string', default: 'bench/build/1b-q4_0.gguf'},
    rounds: {type: 'string', default: '4'},
    tokens: {type: 'string', default: '120'},
    modes: {type: 'string', default: 'plain,screen,ink'},
  },
});
const modes = values.modes.split(',');
const folder = mkdtempSync(join(tmpdir(), 'mistral-bench-'));

/** Tokens a second of one answer. */
async function speed(mode: string, app: string): Promise<number> {
  const result = join(folder, 'result.json');
  const tokens = Number(values.tokens);
  const options: ScreenAppOptions = {plain: mode === 'plain', tokens, model: resolve(values.model), result};
  // As bin/start.js: one pool thread, so that every decode runs on one warm thread.
  const env = {UV_THREADPOOL_SIZE: '1'};
  const program = new PtyProgram(process.execPath, [app, JSON.stringify(options)], {columns: 100, rows: 40, env});
  if (mode !== 'plain') {
    await program.see('ready');
    program.type('go\r');
    // Looking at the emulator's screen a hundred times a second would take from the model what is measured here.
    while (!program.output.includes('stop: length')) await sleep(250);
    program.type('\x04');
  }
  while (program.exitCode === undefined) await sleep(250);
  return (JSON.parse(readFileSync(result, 'utf8')) as ScreenAppResult).tokensPerSecond;
}

function median(list: readonly number[]): number {
  const sorted = [...list].sort((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[half] ?? 0) : ((sorted[half - 1] ?? 0) + (sorted[half] ?? 0)) / 2;
}

try {
  const apps = {screen: await buildScreenApp('screen', folder), ink: await buildScreenApp('ink', folder)};
  const speeds = new Map(modes.map((mode) => [mode, [] as number[]]));
  for (let round = 0; round < Number(values.rounds); round += 1) {
    // Every other round backwards: what the machine does meanwhile falls on all alike.
    for (const mode of round % 2 === 0 ? modes : [...modes].reverse()) {
      const one = await speed(mode, mode === 'ink' ? apps.ink : apps.screen);
      speeds.get(mode)?.push(one);
      console.log(`${mode}: ${one.toFixed(2)} tok/s`);
    }
  }
  const plain = median(speeds.get('plain') ?? []);
  for (const [mode, list] of speeds) {
    console.log(`| ${mode} | ${median(list).toFixed(2)} | ${(median(list) / plain).toFixed(3)} |`);
  }
} finally {
  rmSync(folder, {recursive: true, force: true});
}
process.exit(0);
