// Puts one fault at a time into a copy of the project and tells which ones no test notices.
import {execFileSync, spawn} from 'node:child_process';
import {cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {setPriority, tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import {parseArgs} from 'node:util';
import {type Mutant, makeMutants, mutated} from './make-mutants.ts';

const USAGE = 'mutants.js [--seed N] [--count N] [--limit SECONDS] [--e2e] [--list] FILE_OR_FOLDER...';
const {values, positionals} = parseArgs({
  allowPositionals: true,
  options: {
    seed: {type: 'string', default: '1'},
    count: {type: 'string', default: '60'},
    limit: {type: 'string', default: '300'},
    e2e: {type: 'boolean', default: false},
    list: {type: 'boolean', default: false},
  },
});
if (positionals.length === 0) {
  console.error(USAGE);
  process.exit(2);
}

/** A guard is drawn as often as three other faults. */
const GUARD_WEIGHT = 3;
const LIMIT_MS = Number(values.limit) * 1000;

const files = (...patterns: string[]) =>
  execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z', '--', ...patterns], {encoding: 'utf8'})
    .split('\0')
    .filter((name) => name !== '' && existsSync(name));

/** A generator of numbers from 0 to 1 that gives the same ones for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Drawn by weight, at most one of a line. */
function draw(all: readonly Mutant[], count: number, seed: number): Mutant[] {
  const random = randomFrom(seed);
  const keyed = all.map((mutant) => ({mutant, key: random() ** (1 / (mutant.isGuard ? GUARD_WEIGHT : 1))}));
  const lines = new Set<string>();
  const drawn: Mutant[] = [];
  for (const {mutant} of keyed.sort((a, b) => b.key - a.key)) {
    const line = `${mutant.file}:${mutant.line}`;
    if (drawn.length === count || lines.has(line)) continue;
    lines.add(line);
    drawn.push(mutant);
  }
  return drawn;
}

/** The project as it lies here, without its history; the packages are those of this folder. */
function copyOfProject(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mutants-'));
  for (const name of files('.')) cpSync(name, join(folder, name));
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
  return folder;
}

type Outcome = {readonly passed: true} | {readonly passed: false; readonly by: string};

function vitest(folder: string, args: readonly string[], limitMs: number, project = 'fast'): Promise<Outcome> {
  // A test that fails by chance must not count as one that notices.
  return run(folder, ['vitest', ...args, '--run', '--bail', '1', '--retry', '1', '--project', project], limitMs);
}

/** Runs a tool of a package; one that takes longer than the limit is ended with all it started, and counts as failed. */
function run(folder: string, args: readonly string[], limitMs: number): Promise<Outcome> {
  const child = spawn('npx', args, {
    cwd: folder,
    env: {...process.env, NO_COLOR: '1'},
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  }, limitMs);
  return new Promise((done, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(timer);
      const output = Buffer.concat(chunks).toString('utf8');
      const by = late
        ? `the limit of ${limitMs / 1000} s`
        : (/^ *FAIL +(.*)$|^.*( error TS.*)$/m.exec(output)?.[0]?.trim() ?? lastLine(output));
      done(code === 0 ? {passed: true} : {passed: false, by});
    });
  });
}

const lastLine = (text: string) => text.trimEnd().split('\n').at(-1) ?? '';

/** First the test beside the file, which mostly notices and is quick; then all that load it, and the type checker. */
async function tryMutant(folder: string, mutant: Mutant): Promise<Outcome> {
  const path = join(folder, mutant.file);
  const source = readFileSync(path, 'utf8');
  const beside = mutant.file.replace(/^src\//, 'test/').replace(/\.tsx?$/, '.test.ts');
  writeFileSync(path, mutated(source, mutant));
  try {
    if (existsSync(join(folder, beside))) {
      const near = await vitest(folder, [beside], LIMIT_MS);
      if (!near.passed) return near;
    }
    const related = await vitest(folder, ['related', mutant.file], LIMIT_MS);
    if (!related.passed) return related;
    const types = await run(folder, ['tsc', '-p', 'tsconfig.json'], LIMIT_MS);
    if (!types.passed || !values.e2e) return types;
    return await vitest(folder, ['related', mutant.file], LIMIT_MS, 'e2e');
  } finally {
    writeFileSync(path, source);
  }
}

/** The lines that differ, as a diff shows them. */
function difference({file, ...mutant}: Mutant): string {
  const source = readFileSync(file, 'utf8');
  const [before, after] = [source, mutated(source, {file, ...mutant})].map((text) => text.split('\n'));
  const first = mutant.line - 1;
  const tail = source.slice(mutant.end).split('\n').length - 1;
  const part = (lines: readonly string[] = [], sign: string) =>
    lines.slice(first, lines.length - tail).map((line) => `    ${sign} ${line.trim()}`);
  return [...part(before, '-'), ...part(after, '+')].join('\n');
}

const sources = positionals.flatMap((path) => files(path)).filter((name) => /^src\/.*\.tsx?$/.test(name));
const all = sources.flatMap((file) => makeMutants(file, readFileSync(file, 'utf8')));
const drawn = draw(all, Number(values.count), Number(values.seed));
console.log(`${drawn.length} of ${all.length} possible faults in ${sources.length} files, seed ${values.seed}`);
if (values.list) {
  for (const mutant of drawn) console.log(`${mutant.file}:${mutant.line} ${mutant.kind}\n${difference(mutant)}`);
  process.exit(0);
}

setPriority(10);
const folder = copyOfProject();
process.once('exit', () => rmSync(folder, {recursive: true, force: true}));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const touched = [...new Set(drawn.map(({file}) => file))];
const untouched = await vitest(folder, ['related', ...touched], 5 * LIMIT_MS);
if (!untouched.passed) {
  console.error(`the tests fail without any fault: ${untouched.by}`);
  process.exit(1);
}
let survivors = 0;
for (const [at, mutant] of drawn.entries()) {
  const outcome = await tryMutant(folder, mutant);
  if (outcome.passed) survivors++;
  const verdict = outcome.passed ? 'SURVIVED' : 'killed';
  console.log(`${at + 1} ${verdict} ${mutant.file}:${mutant.line} ${mutant.kind}${mutant.isGuard ? ', a guard' : ''}`);
  console.log(outcome.passed ? difference(mutant) : `    by ${outcome.by}`);
}
console.log(`${drawn.length - survivors} of ${drawn.length} killed, seed ${values.seed}`);
