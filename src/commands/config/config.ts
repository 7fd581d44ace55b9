// `mistral config`: what holds and where it is from, whether the settings files are right, where they are, and trust.
import type {Command} from 'commander';
import type {Io} from '../host/io.ts';
import type {AllCommands} from '../settings/take-settings.ts';
import type {ConfigFlags} from './show-settings.ts';

const EXAMPLES = `
Examples:
  mistral config                   the settings of mistral chat, each with its origin
  mistral config serve             those of another command
  mistral config --profile fast    with a profile
  mistral config check             every key and value of the settings files
  mistral config trust             let this project's .mistral-chat.toml set all it sets`;

export function addConfigCommand(command: Command, io: Io, all: AllCommands): void {
  command
    .description('Show settings and where they are from; check settings files.')
    .argument('[command]', 'whose settings (default: chat)')
    .option('--profile <name>', 'with the settings of [profiles.NAME]')
    .option('--no-config', 'without settings files: what is built in, and variables')
    .option('--json', 'one JSON object')
    .addHelpText('after', EXAMPLES)
    .action(async (name: string | undefined, flags: ConfigFlags) => {
      const {showSettings} = await import('./show-settings.ts');
      await showSettings(io, name ?? 'chat', flags, all);
    });
  command
    .command('check')
    .description('say what is wrong in the settings files; exit code 2 if anything is')
    .action(async () => {
      const {checkSettings} = await import('./check-settings.ts');
      await checkSettings(io, command.opts<ConfigFlags>().json === true, all);
    });
  command
    .command('path')
    .description('where the settings files are')
    .action(async () => {
      const {showPaths} = await import('./settings-paths.ts');
      await showPaths(io, command.opts<ConfigFlags>().json === true);
    });
  command
    .command('trust')
    .description("trust this project's settings file, as it is now")
    .action(async () => {
      const {trustProject} = await import('./settings-paths.ts');
      await trustProject(io);
    });
}
