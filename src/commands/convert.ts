// `mistral convert`: a folder in Mistral's or Hugging Face's format becomes one GGUF file.
import {existsSync} from 'node:fs';
import {join} from 'node:path';
import {type Command, InvalidArgumentError} from 'commander';
import {planConversion, planVocabulary, writePlan} from '../engine/convert/convert.ts';
import type {OutputType} from '../engine/convert/gguf-header.ts';
import {OUTPUT_TYPES} from '../engine/convert/gguf-header.ts';
import {openSourceFolder} from '../engine/convert/source-folder.ts';
import {EngineError} from '../engine/errors.ts';
import {thisMachine} from '../engine/models/machine.ts';
import {formatBytes} from '../engine/models/units.ts';
import {ByteProgress, formatDuration} from './byte-progress.ts';
import type {Io} from './io.ts';
import {number} from './options.ts';

interface ConvertFlags {
  readonly out?: string;
  readonly quant: OutputType;
  readonly vocabOnly?: true;
  readonly ctxTrain?: number;
  readonly workers?: number;
  readonly force?: true;
  readonly json?: true;
}

/** Adds options, examples and the action of `mistral convert`. */
export function addConvertCommand(command: Command, io: Io): void {
  command
    .argument('<folder>', "folder in Mistral's or Hugging Face's format")
    .option('-o, --out <file>', 'where to write (default: FOLDER/NAME-QUANT.gguf)')
    .option('--quant <type>', 'Q8_0, BF16, F16 or F32', quantType, 'Q8_0')
    .option('--vocab-only', 'write the vocabulary without weights')
    .option('--ctx-train <tokens>', 'context length to write into the file', number({integer: true, min: 1}))
    .option('--workers <n>', 'threads (default: the cores, 8 at most)', number({integer: true, min: 1, max: 64}))
    .option('--force', 'replace a file that is there')
    .option('--json', 'print what was written as one JSON object')
    .addHelpText('after', EXAMPLES)
    .action((folder: string) => convert(folder, command.opts<ConvertFlags>(), io));
}

const EXAMPLES = `
Examples:
  mistral convert ~/mistral_models/7B-Instruct-v0.3
  mistral convert ./my-finetune --quant BF16 --out my-finetune.gguf`;

function quantType(text: string): OutputType {
  const name = text.toUpperCase();
  if (name in OUTPUT_TYPES) return name as OutputType;
  throw new InvalidArgumentError(`Expected one of ${Object.keys(OUTPUT_TYPES).join(', ')}.`);
}

async function convert(folder: string, flags: ConvertFlags, io: Io): Promise<void> {
  const source = openSourceFolder(folder, {context: flags.ctxTrain});
  const suffix = flags.vocabOnly ? 'vocab' : flags.quant;
  const out = flags.out ?? join(folder, `${source.name}-${suffix}.gguf`);
  if (existsSync(out) && !flags.force) {
    throw new EngineError('usage', `${out} is there already`, {hint: 'Give another --out, or --force to replace it.'});
  }
  const plan = flags.vocabOnly ? planVocabulary(source) : planConversion(source, flags.quant);
  for (const note of source.notes) io.stderr.write(`note: ${note}\n`);
  const progress = new ByteProgress(`converting ${source.name} to ${suffix}`, io.stderr);
  const start = performance.now();
  const workers = flags.workers ?? Math.min(8, thisMachine().cores);
  try {
    await writePlan(plan, out, {
      workers,
      signal: io.stop,
      progress: (done, total) => progress.update(done, total),
    });
  } finally {
    progress.end();
  }
  const seconds = (performance.now() - start) / 1000;
  const bytes = plan.layout.fileSize;
  io.stderr.write(`wrote ${out}: ${formatBytes(bytes)} in ${formatDuration(seconds)}\n`);
  if (flags.json) io.stdout.write(`${JSON.stringify({path: out, bytes, seconds, notes: source.notes})}\n`);
}
