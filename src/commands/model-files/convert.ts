// `mistral convert`: a folder in Mistral's or Hugging Face's format becomes one GGUF file.
import {existsSync, statSync} from 'node:fs';
import {join} from 'node:path';
import type {Command} from 'commander';
import {EngineError} from '../../base/errors.ts';
import {formatBytes, formatDuration} from '../../base/units.ts';
import {convertFolder, QUANTISATIONS, quantisation} from '../../engine/convert/convert-folder.ts';
import {planVocabulary, writePlan} from '../../engine/convert/convert-weights.ts';
import {findAdapter} from '../../engine/convert/source/adapter-file.ts';
import {openSourceFolder, type SourceFolder} from '../../engine/convert/source/source-folder.ts';
import {existingPath} from '../../engine/models/existing-path.ts';
import {findPath} from '../../engine/models/find-model.ts';
import {thisMachine} from '../../engine/models/memory/machine.ts';
import {InvalidArgumentError, Option} from '../commander.ts';
import {ByteProgress} from '../host/byte-progress.ts';
import type {Io} from '../host/io.ts';
import {whereToLook} from '../open-model/meant.ts';
import {number} from '../options.ts';
import {type ConvertLoraFlags, convertLora} from './convert-lora.ts';
import {weightsFolder} from './weights-folder.ts';

interface ConvertFlags extends ConvertLoraFlags {
  readonly quant: string;
  readonly vocabOnly?: true;
  readonly ctxTrain?: number;
  readonly ropeScale?: 'mistral' | 'config';
  readonly window: boolean;
  readonly workers?: number;
}

/** Adds options, examples and the action of `mistral convert`. */
export function addConvertCommand(command: Command, io: Io): void {
  command
    .argument('<folder>', "folder in Mistral's or Hugging Face's format, or a LoRA adapter")
    .option('-o, --out <file>', 'where to write (default: FOLDER/NAME-QUANT.gguf)')
    .option('--quant <type>', 'such as Q8_0, BF16, F16, Q4_K_M', quantType, 'Q8_0')
    .option('--vocab-only', 'write the vocabulary without weights')
    .option(
      '--ctx-train <tokens>',
      'context length to write into the file',
      number({integer: true, min: 1, max: 2 ** 31 - 1}),
    )
    .addOption(
      new Option(
        '--rope-scale <whose>',
        "of latent attention with YaRN: Mistral's figures (default), or config.json as transformers reads it",
      ).choices(['mistral', 'config']),
    )
    .option('--no-window', 'leave a sliding window out: beyond it the answers are others')
    .option(
      '--workers <n>',
      'worker threads (default: the number of cores, at most 8)',
      number({integer: true, min: 0, max: 64}),
    )
    .option('--base <model>', 'of a LoRA adapter: the model it was trained on, a folder, GGUF or name')
    .option('--scaling <x>', "of lora.safetensors: mistral-inference's scaling (default: 2)", number({above: 0}))
    .option('--force', 'overwrite an existing file')
    .option('--json', 'print what was written as one JSON object')
    .addHelpText('after', EXAMPLES)
    .action((folder: string) => convert(folder, command.opts<ConvertFlags>(), io));
}

const EXAMPLES = `
Examples:
  mistral convert ~/mistral_models/7B-Instruct-v0.3
  mistral convert ./my-finetune --quant BF16 --out my-finetune.gguf
  mistral convert lora.safetensors --base ~/mistral_models/7B-Instruct-v0.3`;

function quantType(text: string): string {
  const type = quantisation(text);
  if (type !== undefined) return type;
  throw new InvalidArgumentError(`Expected one of ${QUANTISATIONS.join(', ')}.`);
}

async function convert(name: string, flags: ConvertFlags, io: Io): Promise<void> {
  const where = whereToLook(io);
  const path = findPath(name, where);
  const adapter = adapterAt(path, flags);
  if (adapter !== undefined) return convertLora(io, adapter, flags);
  const folder = weightsFolder(path);
  const source = openChosen(folder, flags);
  const suffix = flags.vocabOnly ? 'vocab' : flags.quant;
  // A store of other programs takes no file of ours.
  const place = existingPath(name, where) === undefined ? io.cwd : folder;
  const out = flags.out ?? join(place, `${source.name}-${suffix}.gguf`);
  if (existsSync(out) && !flags.force) {
    throw new EngineError('usage', `${out} already exists`, {
      hint: 'Choose another --out, or use --force to overwrite it.',
    });
  }
  for (const note of source.notes) io.say(`note: ${note}`);
  const start = performance.now();
  await write(source, flags, out, io);
  const seconds = (performance.now() - start) / 1000;
  const bytes = statSync(out).size;
  io.say(`wrote ${out}: ${formatBytes(bytes)} in ${formatDuration(seconds)}`);
  if (flags.json) io.json({path: out, bytes, seconds, notes: source.notes});
}

/** @throws EngineError `usage` for a flag that the model has nothing for, and as `openSourceFolder`. */
function openChosen(folder: string, {ctxTrain, ropeScale, window}: ConvertFlags): SourceFolder {
  const byConfig = ropeScale === 'config';
  const source = openSourceFolder(folder, {
    context: ctxTrain,
    noWindow: !window,
    ropeScale: byConfig ? 'config' : undefined,
  });
  if (!window && !source.heeded.has('noWindow')) {
    throw new EngineError('usage', `--no-window has no effect: ${source.name} has no sliding window`, {
      hint: 'Leave it out.',
    });
  }
  if (byConfig && !source.heeded.has('ropeScale')) {
    throw new EngineError('usage', `--rope-scale config has no effect on ${source.name}`, {
      hint: 'It is for latent attention with YaRN (Small 4, Leanstral, Large 3) in a folder with a config.json.',
    });
  }
  return source;
}

/** An adapter, when --base says so or there is nothing else. */
function adapterAt(path: string, {base}: ConvertFlags): string | undefined {
  const adapter = findAdapter(path);
  const isModel = ['params.json', 'config.json'].some((name) => existsSync(join(path, name)));
  if (base === undefined && isModel) return undefined;
  if (adapter !== undefined || base === undefined) return adapter;
  throw new EngineError('model_not_found', `there is no LoRA adapter ${path}`, {
    hint: 'It has to be lora.safetensors, or a folder with adapter_config.json and adapter_model.safetensors.',
  });
}

async function write(source: SourceFolder, flags: ConvertFlags, out: string, io: Io): Promise<void> {
  let progress = new ByteProgress(`converting ${source.name}`, io);
  const options = {
    workers: flags.workers ?? Math.min(8, thisMachine().cores),
    signal: io.stop,
    progress: (done: number, total: number) => progress.update(done, total),
    stage: (what: string) => {
      progress.end();
      progress = new ByteProgress(what, io, {unit: 'tensors'});
    },
  };
  try {
    await (flags.vocabOnly
      ? writePlan(planVocabulary(source), out, options)
      : convertFolder(source, flags.quant, out, options));
  } finally {
    progress.end();
  }
}
