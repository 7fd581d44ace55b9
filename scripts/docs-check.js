// Runs what README.md and the pages in docs/ show, and compares what is printed: npm run docs:check [PAGE...] [-- --write]
import {spawn} from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {build} from 'esbuild';
import {agrees, stepsOf} from './transcripts.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** Longest time of one command, in milliseconds. */
const LIMIT = 60_000;
const END = 'end-of-a-shown-command';

const named = process.argv.slice(2).filter((word) => !word.startsWith('--'));
/** Puts what was printed into the page, to be read before it is committed. */
const write = process.argv.includes('--write');
const pages = named.length > 0 ? named : ['README.md', ...pagesIn('docs')];

function pagesIn(folder) {
  const names = readdirSync(join(ROOT, folder), {recursive: true, encoding: 'utf8'});
  return names.filter((name) => name.endsWith('.md')).map((name) => join(folder, name));
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const {port} = server.address();
      server.close(() => resolve(String(port)));
    });
  });
}

/** A model of random weights in Mistral's format: what its files hold, by name. */
async function tinyFolder() {
  const entry = join(ROOT, 'test/fixtures/tiny-families.ts');
  const {outputFiles} = await build({
    entryPoints: [entry],
    bundle: true,
    platform: 'node',
    format: 'esm',
    write: false,
  });
  const code = Buffer.from(outputFiles[0].contents).toString('base64');
  const {denseFolder} = await import(`data:text/javascript;base64,${code}`);
  return denseFolder();
}

/** A shell in an empty folder of its own, with the programs of this clone and nothing else of its user's. */
class Sandbox {
  folder = mkdtempSync(join(tmpdir(), 'mistral-docs-'));
  #home = join(this.folder, 'home');
  #port;
  #shell;
  #servers = [];
  #env;

  constructor(port) {
    this.#port = port;
    const bin = join(this.folder, 'bin');
    for (const path of [bin, this.#home]) mkdirSync(path);
    const {bin: programs} = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    for (const [name, path] of Object.entries(programs)) symlinkSync(join(ROOT, path), join(bin, name));
    // A reply that is an error makes curl fail, so that a line of a page cannot be wrong in silence.
    writeFileSync(join(this.#home, '.curlrc'), 'fail-with-body\nsilent\nshow-error\n');
    const kept = Object.entries(process.env).filter(([name]) => !/^(npm_|MISTRAL_|XDG_|HF_|.*_proxy$)/i.test(name));
    this.#env = {
      ...Object.fromEntries(kept),
      HOME: this.#home,
      PATH: `${bin}:${dirname(process.execPath)}:${process.env.PATH}`,
      LC_ALL: 'C.UTF-8',
      NO_PROXY: '*',
      CLONE: ROOT,
      DEMO_MODEL: join(ROOT, 'models/demo/mistral-demo-q8_0.gguf'),
    };
    this.#shell = spawn('bash', ['--norc', '-s'], {cwd: this.#home, env: this.#env, detached: true});
  }

  file(name, text) {
    mkdirSync(dirname(join(this.#home, name)), {recursive: true});
    writeFileSync(join(this.#home, name), text);
  }

  #here = (command) => command.replaceAll('8080', this.#port);
  #shown = (text) =>
    text
      .replaceAll(this.#port, '8080')
      .replaceAll(this.#home, '~')
      .split('\n')
      .slice(0, text.endsWith('\n') ? -1 : undefined);

  /** What a command prints on both streams, in lines, and how it ended. */
  async run(command) {
    const encoded = Buffer.from(this.#here(command)).toString('base64');
    const ending = `printf '%s %d\\n' ${END} "$__status"`;
    const line = `(exit $__status); eval "$(base64 -d <<< ${encoded})" </dev/null 2>&1; __status=$?; ${ending}\n`;
    const timer = setTimeout(() => this.close(), LIMIT);
    let told = '';
    const ended = new Promise((resolve) => {
      const listen = (bytes) => {
        told += bytes;
        if (new RegExp(`${END} \\d+\\n$`).test(told)) resolve();
      };
      this.#shell.stdout.on('data', listen).once('close', resolve);
    });
    this.#shell.stdin.write(line);
    await ended;
    this.#shell.stdout.removeAllListeners();
    clearTimeout(timer);
    const [, printed = told, code = ''] = new RegExp(`^([\\s\\S]*)${END} (\\d+)\\n$`).exec(told) ?? [];
    return {lines: this.#shown(printed), code: code === '' ? `none in ${LIMIT / 1000} s` : Number(code)};
  }

  /** Starts a server, and waits until it has printed what the page shows, or ended. */
  async serve({command, printed}) {
    const child = spawn('bash', ['-c', `exec ${this.#here(command)} --port ${this.#port}`], {
      cwd: this.#home,
      env: this.#env,
      detached: true,
    });
    this.#servers.push(child);
    let told = '';
    child.stdout.on('data', (bytes) => (told += bytes));
    child.stderr.on('data', (bytes) => (told += bytes));
    const until = Date.now() + LIMIT;
    const whole = () => agrees(printed, this.#shown(told));
    while (!whole() && child.exitCode === null && Date.now() < until) await new Promise((r) => setTimeout(r, 50));
    return {lines: this.#shown(told), code: child.exitCode ?? 0};
  }

  close() {
    for (const child of [this.#shell, ...this.#servers]) {
      try {
        process.kill(-child.pid, 'SIGTERM');
      } catch {
        // It has ended already.
      }
    }
  }

  async remove() {
    const all = [this.#shell, ...this.#servers].filter((child) => child.exitCode === null && child.signalCode === null);
    const ended = all.map((child) => new Promise((resolve) => child.once('exit', resolve)));
    this.close();
    await Promise.all(ended);
    rmSync(this.folder, {recursive: true, force: true});
  }
}

const count = {right: 0, wrong: 0, skipped: 0};

/** @returns {Promise<{from: number, to: number, lines: string[]}[]>} what the page shows otherwise, by line */
async function checkPage(page, sandbox) {
  const otherwise = [];
  const told = ({command, line, printed}, {lines, code}) => {
    count.wrong += 1;
    const first = command.split('\n').length;
    otherwise.push({from: line + first - 1, to: line + first - 1 + printed.length, lines});
    const of = (text, sign) => text.map((each) => `  ${sign} ${each}\n`).join('');
    process.stdout.write(`${page}:${line}: ${command}\n${of(printed, '-')}${of(lines, '+')}  exit code ${code}\n`);
  };
  for (const step of stepsOf(readFileSync(join(ROOT, page), 'utf8'))) {
    if (step.kind === 'not run') {
      count.skipped += 1;
      process.stdout.write(`${page}:${step.line}: not run, ${step.why}\n`);
    } else if (step.kind === 'file') sandbox.file(step.name, step.text);
    else if (step.kind === 'folder') {
      for (const [name, bytes] of Object.entries(await tinyFolder())) sandbox.file(join(step.name, name), bytes);
    } else if (step.kind === 'setup') {
      const {lines, code} = await sandbox.run(step.command);
      if (code !== 0) throw new Error(`${page}: ${step.command}: exit code ${code}\n${lines.join('\n')}`);
    } else {
      for (const shown of step.commands) {
        const result = await (step.kind === 'server' ? sandbox.serve(shown) : sandbox.run(shown.command));
        const right = step.kind === 'lines' ? result.code === 0 : agrees(shown.printed, result.lines);
        if (right) count.right += 1;
        else told(shown, result);
      }
    }
  }
  return otherwise;
}

const port = await freePort();
for (const page of pages) {
  if (!existsSync(join(ROOT, page))) throw new Error(`no such page: ${page}`);
  const sandbox = new Sandbox(port);
  try {
    const otherwise = await checkPage(page, sandbox);
    if (write && otherwise.length > 0) {
      const lines = readFileSync(join(ROOT, page), 'utf8').split('\n');
      for (const {from, to, lines: now} of otherwise.reverse()) lines.splice(from, to - from, ...now);
      writeFileSync(join(ROOT, page), lines.join('\n'));
    }
  } finally {
    await sandbox.remove();
  }
}
process.stdout.write(
  `${count.right} commands print what is shown, ${count.wrong} do not, ${count.skipped} blocks are not run\n`,
);
process.exitCode = count.wrong > 0 ? 1 : 0;
