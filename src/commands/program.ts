// Builds the commander program of each of the five names and turns every outcome into an exit code.
import {readFileSync} from 'node:fs';
import {Command, CommanderError} from 'commander';

const packageJson = new URL('../../package.json', import.meta.url);

/** Version of the installed package. */
function version(): string {
  const {version} = JSON.parse(readFileSync(packageJson, 'utf8')) as {version: string};
  return version;
}

/** Runs the program called `name` (one of the package's bins) and sets the process's exit code. */
export async function main(name: string, argv: readonly string[]): Promise<void> {
  const program = new Command(name).version(version()).exitOverride();
  try {
    await program.parseAsync([...argv], {from: 'user'});
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  }
}
