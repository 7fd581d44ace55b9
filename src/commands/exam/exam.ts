// `mistral exam FILE`: puts questions with expected answers to a model and says what it got right.
import type {Command} from 'commander';
import type {Io} from '../host/io.ts';
import {addEffortOption, addEngineOptions, addModelArgument, type EngineFlags, modelArgument} from '../options.ts';

const EXAMPLES = `
The file: {"cases": [{"id", "kind", "request", "expect"}]}. A request has messages, or
prompt and suffix, or prompt alone. Of what it expects, all must hold: contains and
containsIgnoreCase (lists), regex, minChars, calls ({"name", "arguments", "partial"}).

Examples:
  mistral exam exam.json
  mistral exam exam.json ~/models/7B`;

export function addExamCommand(command: Command, io: Io): void {
  command.argument('<file>', 'JSON file with the cases; - is stdin');
  addModelArgument(command);
  command
    .description('Test a model with questions and expected answers (temperature 0, 96 tokens each).')
    .option('--json', 'one JSON object with every case');
  addEffortOption(command);
  addEngineOptions(command);
  command.addHelpText('after', EXAMPLES);
  command.action(async (file: string, model?: string) => {
    const flags = command.opts<EngineFlags & {modelPath?: string; json?: true}>();
    const {readTextFile} = await import('../host/text-input.ts');
    const {parseExam} = await import('./exam-file.ts');
    const {runExam} = await import('./run-exam.ts');
    const cases = parseExam(await readTextFile(io, file), file);
    const {withBackend} = await import('../open-model/open-backend.ts');
    await withBackend(io, modelArgument(model, flags), flags, (backend) =>
      runExam(io, backend, cases, flags.json ?? false),
    );
  });
}
