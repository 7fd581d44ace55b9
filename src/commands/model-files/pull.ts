// `mistral pull`: its flags and examples; what it does is loaded when it is done.
import type {Command} from 'commander';
import type {Io} from '../host/io.ts';
import type {PullFlags} from './run-pull.ts';

const EXAMPLES = `
Examples:
  mistral pull mistral-7b                    the quantisation that suits this machine
  mistral pull nemo:Q5_K_M                   a certain one
  mistral pull mistral-7b:original           mistral-inference's folder
  mistral pull hf:bartowski/Mistral-7B-Instruct-v0.3-GGUF:Q4_K_M
  mistral pull hf:me/my-finetune@v1.0        a branch, tag, commit or refs/pr/7
  mistral pull hf:me/my-finetune             without a GGUF: the folder of its weights
  mistral pull https://example.org/model.gguf

HF_TOKEN opens gated models, HF_ENDPOINT names a mirror, HF_HOME the cache, HTTPS_PROXY a proxy.`;

/** Adds options, examples and the action of `mistral pull`. */
export function addPullCommand(command: Command, io: Io): void {
  command
    .argument('<model>', 'name, hf:USER/REPOSITORY[@REVISION][:QUANT] or address')
    .option('--quant <text>', 'which quantisation, or part of a file name')
    .option('--yes', 'accept the license without being asked')
    .option('--offline', 'do not download; print where the model is')
    .option('--json', 'print the path as a JSON object')
    .addHelpText('after', EXAMPLES)
    .action(async (model: string) => {
      const {runPull} = await import('./run-pull.ts');
      await runPull(io, model, command.opts<PullFlags>());
    });
}
