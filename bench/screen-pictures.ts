// Pictures of the chat screen for docs/, from the buffer of a terminal in which it runs: npm run pictures.
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {build} from 'esbuild';
import {bundleOptions} from '../test/e2e/harness/bundle.ts';
import {PtyProgram} from '../test/e2e/harness/pty.ts';
import {CORPUS} from './screen-corpus.ts';
import {terminalSvg} from './terminal-svg.ts';

const COLUMNS = 84;
const folder = mkdtempSync(join(tmpdir(), 'mistral-pictures-'));

function picture(name: string, program: PtyProgram): void {
  const {buffer, rows} = program.emulator();
  let last = buffer.baseY + rows;
  while (last > 1 && buffer.getLine(last - 1)?.translateToString(true) === '') last -= 1;
  mkdirSync('docs/screen', {recursive: true});
  writeFileSync(`docs/screen/${name}.svg`, terminalSvg(buffer, COLUMNS, Math.max(0, last - 34), last));
}

function start(options: object): PtyProgram {
  const args = [join(folder, 'chat-app.js'), JSON.stringify(options)];
  return new PtyProgram(process.execPath, args, {columns: COLUMNS, rows: 34});
}

try {
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
