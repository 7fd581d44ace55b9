// `mistral batch`: a file or pipe of requests, one a line, answered several at a time, one record a line.
import type {Command} from 'commander';
import {Option} from '../commander.ts';
import type {Io} from '../host/io.ts';
import {
  addEngineOptions,
  addModelArgument,
  addModelDefaultsOption,
  addSamplingOptions,
  addThinkingOptions,
  DEFAULTS,
  modelArgument,
  number,
  samplingChoice,
} from '../options.ts';
import type {BatchFlags} from './run-batch.ts';

const EXAMPLES = `
A line is {"id": …, "prompt": … or "messages": …, and any field of a chat}, or as OpenAI's and
vLLM's batches have it {"custom_id", "method", "url", "body"}; its record has the same form.

Examples:
  mistral batch -i questions.jsonl -o answers.jsonl
  mistral batch -i questions.jsonl -o answers.jsonl --resume    go on after an interruption
  mistral batch ~/models/7B --parallel 8 --schema person.json <a.jsonl >b.jsonl
  producer | mistral batch --url http://127.0.0.1:8080 | consumer`;

export function addBatchCommand(command: Command, io: Io): void {
  addModelArgument(command);
  command.addOption(new Option('--model <name>').hideHelp());
  command
    .description('Answer many requests, one a line of JSON, several at a time.')
    .option('-i, --input-file <file>', 'requests, one a line; - is stdin (default)')
    .option('-o, --output-file <file>', 'where the records go (default: stdout)')
    .option('--parallel <n>', 'answers generated at the same time', number({integer: true, min: 1, max: 256}), 4)
    .addOption(new Option('--resume', 'go on with the file of -o: what was answered is not asked again'))
    .addOption(new Option('--force', 'write the file of -o anew').conflicts('resume'))
    .option('--ordered', 'records in the order of the lines, not as they are finished')
    .option('--schema <file|json>', 'each answer is JSON of this schema, also as "parsed" in its record')
    .option('--schema-loose', 'with --schema: go on where it says what cannot be held');
  addSamplingOptions(command, DEFAULTS.chat);
  addModelDefaultsOption(command);
  addThinkingOptions(command);
  addEngineOptions(command);
  command.addHelpText('after', EXAMPLES);
  command.action(async (model?: string) => {
    const flags = command.opts<BatchFlags>();
    const {runBatch} = await import('./run-batch.ts');
    const named = modelArgument(modelArgument(model, {modelPath: flags.model ?? ''}), flags);
    await runBatch(io, named, flags, samplingChoice(command, DEFAULTS.chat));
  });
}
