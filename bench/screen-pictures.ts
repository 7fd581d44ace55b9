// Pictures of the programs for docs/, in a light and a dark theme, from the buffer of a terminal in which they run: npm run pictures.
import {mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import {build} from 'esbuild';
import {bundleOptions} from '../test/e2e/harness/bundle.ts';
import {PtyProgram} from '../test/e2e/harness/pty.ts';
import {CORPUS} from './screen-corpus.ts';
import {PALETTES, terminalSvg} from './terminal-svg.ts';

const COLUMNS = 88;
const folder = mkdtempSync(join(tmpdir(), 'mistral-pictures-'));

function picture(name: string, program: PtyProgram): void {
  const {buffer, rows} = program.emulator();
  let last = buffer.baseY + rows;
  while (last > 1 && buffer.getLine(last - 1)?.translateToString(true) === '') last -= 1;
  mkdirSync('docs/screen', {recursive: true});
  const part = {columns: COLUMNS, first: Math.max(0, last - 34), last};
  for (const [theme, palette] of Object.entries(PALETTES)) {
    writeFileSync(`docs/screen/${name}-${theme}.svg`, terminalSvg(buffer, part, palette));
  }
}

function start(options: object): PtyProgram {
  const args = [join(folder, 'chat-app.js'), JSON.stringify(options)];
  return new PtyProgram(process.execPath, args, {columns: COLUMNS, rows: 34});
}

const TOOLS = [
  {
    name: 'get_current_weather',
    description: 'Get the current weather',
    parameters: {
      type: 'object',
      required: ['location', 'format'],
      properties: {location: {type: 'string'}, format: {type: 'string', enum: ['celsius', 'fahrenheit']}},
    },
  },
];

/** The embedded model in pipes of a shell: the middle of a text, lines of JSON, calls of a tool. */
const PIPES = [
  "mistral-fim --prefix 'def add(' --suffix '    return sum' 2>/dev/null",
  "printf 'What is the capital of France?\\nAnd of Italy?\\n' | mistral-chat -i 2>/dev/null",
  `mistral-tools --tools tools.json -p "What's the weather like today in Paris?" > calls`,
  "jq -r '.[] | .name, .arguments.location' calls",
];

async function pipes(): Promise<void> {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  for (const name of ['mistral-fim', 'mistral-chat', 'mistral-tools']) {
    symlinkSync(resolve('bin', `${name}.js`), join(bin, name));
  }
  writeFileSync(join(folder, 'tools.json'), JSON.stringify(TOOLS));
  const env = {PATH: `${bin}:${process.env.PATH}`, PS1: '$ ', MISTRAL_STATE_DIR: join(folder, 'state')};
  const shell = new PtyProgram('sh', [], {columns: COLUMNS, rows: 34, cwd: folder, env});
  for (const [index, command] of PIPES.entries()) {
    await shell.until(
      () => shell.lines().filter((line) => line.startsWith('$')).length > index,
      'the prompt of the shell',
    );
    shell.type(`${command}\r`);
  }
  await shell.see('Paris\n$');
  picture('pipes', shell);
  shell.kill('SIGKILL');
}

try {
  await pipes();
  await build({...bundleOptions, entryPoints: ['test/fakes/chat-app.ts'], outdir: folder});
  const program = start({reply: CORPUS.trim(), tokensPerSecond: 150});
  await program.see('ready');
  // Code is coloured once the grammars are loaded, a moment after the first frame.
  await new Promise((resolve) => setTimeout(resolve, 2000));
  program.type('How does a KV cache work?\r');
  await program.see('def attend');
  program.type('and what does it cost');
  await program.see('> and what does it cost');
  picture('streaming', program);
  await program.see(/^ready/m);
  picture('answer', program);
  program.type('\x15/s');
  await program.see('/set');
  picture('commands', program);
  program.kill('SIGKILL');
} finally {
  rmSync(folder, {recursive: true, force: true});
}
process.exit(0);
