// Writes man/: a page for each command, from what its --help prints.
import {mkdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {manPage} from './man-page.js';

const {run} = await import('../dist/commands/program.js');
const {version} = JSON.parse(readFileSync('package.json', 'utf8'));

/** What a command prints for `--help`. */
async function helpOf(name, ...words) {
  let printed = '';
  const told = (text) => {
    printed += text;
  };
  const stream = {isTTY: false};
  const io = {
    stop: new AbortController().signal,
    env: {},
    stdout: stream,
    stderr: stream,
    show: told,
    say: told,
    sayText: told,
  };
  const code = await run(name, [...words, '--help'], io);
  if (code !== 0) throw new Error(`${name} ${words.join(' ')} --help: exit code ${code}: ${printed}`);
  return printed;
}

rmSync('man', {recursive: true, force: true});
mkdirSync('man');
const whole = await helpOf('mistral');
const commands = [...whole.matchAll(/^ {2}([a-z]+) {2,}(\S.*(?:\n {10,}\S.*)*)$/gm)].filter(
  ([, name]) => name !== 'help',
);
const summaries = commands.map(([, name, summary]) => [name, summary.replaceAll(/\s+/g, ' ')]);
const others = summaries.map(([name]) => `mistral-${name}`);
const page = (name, summary, help, seeAlso) => {
  writeFileSync(`man/${name}.1`, manPage({name, summary, help, seeAlso, version}));
};
page('mistral', 'talk to a Mistral model from the terminal', whole, others);
for (const [name, summary] of summaries) {
  page(`mistral-${name}`, summary, await helpOf('mistral', name), ['mistral']);
}
const {man} = JSON.parse(readFileSync('package.json', 'utf8'));
const missing = ['mistral', ...others].filter((name) => !man.includes(`man/${name}.1`));
// npm links the pages that are listed; a folder of them (directories.man) it leaves alone in a global installation.
if (missing.length > 0) process.stderr.write(`package.json: "man" does not list ${missing.join(', ')}\n`);
