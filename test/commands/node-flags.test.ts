// Node reads some flags wherever they stand, also behind the name of the script: ours must be none of them.
import {execFileSync} from 'node:child_process';
import {join} from 'node:path';
import type {Command} from 'commander';
import {expect, test} from 'vitest';
import {allCommands} from '../../src/commands/program.ts';
import {fakeIo} from '../fakes/io.ts';
import {folderWith} from '../fixtures/folder.ts';

const io = fakeIo();
const flagsOf = (command: Command): string[] => [
  ...command.options.flatMap(({long, hidden}) => (long && !hidden ? [long] : [])),
  ...command.commands.flatMap(flagsOf),
];

/** What Node makes of a command line of a script that prints its own. */
function reached(args: readonly string[]): unknown {
  const script = join(folderWith({'print.mjs': 'console.log(JSON.stringify(process.argv.slice(2)))'}), 'print.mjs');
  return JSON.parse(execFileSync(process.execPath, [script, ...args], {encoding: 'utf8', stdio: 'pipe'}));
}

test('every flag of every command reaches the program with its value, also the name of a file that is not there', async () => {
  const flags = [...new Set((await allCommands(io)).flatMap(flagsOf))];
  expect(flags.length).toBeGreaterThan(80);
  for (const args of [flags.flatMap((flag) => [flag, 'missing']), flags.map((flag) => `${flag}=missing`)]) {
    expect(reached(args)).toEqual(args);
  }
});

test('the first name of --settings-file is one that Node takes, so it has another', () => {
  expect(() => reached(['--env-file', 'missing'])).toThrow('missing: not found');
});
