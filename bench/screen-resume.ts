// What resuming a long chat saves: the first token after reading it anew, and after --continue with the kept KV cache.
// node bench/build/js/bench/screen-resume.js --model FILE [--characters 4250]
import {mkdtempSync, readdirSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {parseArgs} from 'node:util';
import {PtyProgram} from '../test/e2e/harness/pty.ts';
import {CORPUS} from './screen-corpus.ts';

const {values} = parseArgs({
  options: {
    model: {type: 'string', default: 'bench/build/1b-q4_0.gguf'},
    characters: {type: 'string', default: '4250'},
  },
});
const state = mkdtempSync(join(tmpdir(), 'mistral-bench-'));

/** Starts a chat on 2 threads; resolves when it is ready, with the milliseconds that took. */
async function start(...more: readonly string[]): Promise<{program: PtyProgram; readyMs: number}> {
  const args = ['--instruct', '--gpu', 'off', '--threads', '2', '--ctx', '8192', '--max-tokens', '8', ...more];
  const started = performance.now();
  const program = new PtyProgram(process.execPath, ['bin/mistral-chat.js', values.model, ...args], {
    env: {MISTRAL_STATE_DIR: state},
    patience: 230_000,
  });
  await program.see(/^ready/m);
  return {program, readyMs: performance.now() - started};
}

/** Says something; what /stats tells of the answer, and the milliseconds from Enter to the first token. */
async function say(program: PtyProgram, text: string): Promise<string> {
  const before = ends(program);
  program.paste(text);
  program.type('\r');
  await program.until(() => ends(program) > before, 'the answer');
  program.type('/stats\r');
  await program.see(/^seed /m);
  return program
    .lines()
    .filter((line) => /^(prompt|first) /.test(line))
    .slice(-2)
    .join('; ');
}

const ends = (program: PtyProgram) => program.text().split(/stop: |^error /m).length;

async function leave(program: PtyProgram): Promise<number> {
  const started = performance.now();
  program.type('\x04');
  await program.exited();
  return performance.now() - started;
}

try {
  const first = await start();
  console.log('evaluated:', await say(first.program, CORPUS.repeat(20).slice(0, Number(values.characters))));
  console.log(
    `leaving took ${(await leave(first.program)).toFixed(0)} ms:`,
    readdirSync(join(state, 'sessions')).join(', '),
  );
  const second = await start('--continue');
  console.log('resumed:', await say(second.program, 'And then?'));
  console.log(`ready after ${first.readyMs.toFixed(0)} ms, resumed after ${second.readyMs.toFixed(0)} ms`);
  await leave(second.program);
} finally {
  rmSync(state, {recursive: true, force: true});
}
process.exit(0);
