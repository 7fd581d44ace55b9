// `mistral setup gpu`: its flags and examples; what it does is loaded when it is done.
import type {Command} from 'commander';
import {Option} from '../commander.ts';
import type {Io} from '../host/io.ts';
import type {SetupFlags} from './run-setup.ts';

const EXAMPLES = `
Examples:
  mistral setup gpu                    what this machine's GPU needs
  mistral setup gpu --build vulkan     a certain build
  mistral setup gpu --fallback         also for cards that the CUDA build leaves out
  mistral setup gpu --from FILE.tgz    a package that npm pack fetched elsewhere
  mistral setup gpu --remove           take the builds away again

The package is that of the installed node-llama-cpp's version, from the registry that npm is set to; it is checked and lies
where mistral-chat is installed. On a Mac nothing is needed: Metal is in every installation.`;

/** Adds options, examples and the action of `mistral setup`. */
export function addSetupCommand(command: Command, io: Io): void {
  command
    .addArgument(command.createArgument('<what>', 'what to set up').choices(['gpu']))
    .addOption(new Option('--build <kind>', 'of which kind (default: as this GPU needs)').choices(['cuda', 'vulkan']))
    .option('--fallback', 'also the kernels for cards that the CUDA build has none for')
    .option('--from <file>', 'install a package that was fetched elsewhere')
    .option('--remove', 'take the fetched builds away')
    .addHelpText('after', EXAMPLES)
    .action(async () => {
      const {runSetup} = await import('./run-setup.ts');
      await runSetup(io, command.opts<SetupFlags>());
    });
}
