// `mistral demo`: mistral-inference's three test prompts, continued side by side, with its defaults and its layout.
import type {Command} from 'commander';
import type {Backend} from '../engine/contract/backend.ts';
import type {SamplingParams} from '../engine/contract/sampling.ts';
import type {Io} from './host/io.ts';
import {
  addEngineOptions,
  addModelArgument,
  addPositionalSampling,
  addSamplingOptions,
  DEFAULTS,
  type EngineFlags,
  modelArgument,
  samplingParams,
} from './options.ts';

/** The texts of mistral-inference's demo, the last one with its trailing space. */
const PROMPTS = [
  'This is a test',
  'This is another great test',
  'This is a third test, mistral AI is very good at testing. ',
] as const;

const EXAMPLES = `
Examples:
  mistral-demo                    with the embedded model
  mistral-demo ~/models/7B
  mistral-demo ~/models/7B 64     64 tokens each`;

export function addDemoCommand(command: Command, io: Io): void {
  addModelArgument(command);
  addPositionalSampling(command);
  command.description("Continue mistral-inference's three test prompts as one batch.");
  addSamplingOptions(command, DEFAULTS.demo);
  addEngineOptions(command);
  command.addHelpText('after', EXAMPLES);
  command.action(async (model?: string, maxTokens?: number, temperature?: number) => {
    const flags = command.opts<EngineFlags & {modelPath?: string}>();
    const sampling = samplingParams(command, DEFAULTS.demo, {maxTokens, temperature});
    const {withBackend} = await import('./open-model/open-backend.ts');
    const run = (backend: Backend) => runDemo(io, backend, sampling);
    await withBackend(io, modelArgument(model, flags), flags, run, {slots: PROMPTS.length});
  });
}

/** Prints prompt and completion of each prompt once the whole batch is finished. */
export async function runDemo(io: Io, backend: Backend, sampling: SamplingParams): Promise<void> {
  const {collectAnswer} = await import('../engine/contract/collect-answer.ts');
  const {RULE} = await import('../ui/plain/write-answer.ts');
  const answers = await Promise.all(
    PROMPTS.map((prompt) => collectAnswer(backend.complete({prompt, sampling}, io.stop))),
  );
  for (const [i, {content}] of answers.entries()) io.print(`${PROMPTS[i]}${content}\n${RULE}\n`);
}
