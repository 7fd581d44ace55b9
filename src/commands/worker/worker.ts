// `mistral worker`: computes the jobs of an AIME API server.

import type {Command} from 'commander';
import type {Io} from '../host/io.ts';
import {addEffortOption, addEngineOptions, addModelArgument, modelArgument, number} from '../options.ts';
import type {WorkerFlags} from './run-worker.ts';

const EXAMPLES = `
Examples:
  mistral worker ~/models/8x7B --api-server http://aime:7777 --job-type mixtral --auth-key KEY
  MISTRAL_WORKER_KEY=KEY mistral worker --api-server http://aime:7777 --job-type mistral --max-batch-size 8

The key is also read from $MISTRAL_WORKER_KEY. SIGTERM lets running jobs finish; a second one does not.`;

export function addWorkerCommand(command: Command, io: Io): void {
  addModelArgument(command);
  command
    .description('Compute the jobs of an AIME API server.')
    .optionsGroup('Worker:')
    .requiredOption('--api-server <url>', 'address of the API server')
    .requiredOption('--job-type <type>', 'whose jobs to take, such as mixtral')
    .option('--auth-key <key>', 'the key of that job type')
    .option('--auth-key-over-http', 'send it without TLS too, where everyone on the way can read it')
    .option('--max-batch-size <n>', 'jobs computed at the same time', number({integer: true, min: 1, max: 256}), 1)
    .option('--name <name>', 'how the server lists this worker (default: host name and process)')
    .option('--api-timeout <s>', 'time for an answer of the API server', number({above: 0, max: 3600}), 15)
    .option('--grace <s>', 'time for running jobs after SIGTERM', number({above: 0, max: 86_400}), 30);
  addEffortOption(command);
  addEngineOptions(command);
  command.addHelpText('after', EXAMPLES);
  command.action(async (model?: string) => {
    const flags = command.opts<WorkerFlags>();
    const {runWorker} = await import('./run-worker.ts');
    await runWorker(io, modelArgument(model, flags), flags);
  });
}
