import {Command} from 'commander';
import {describe, expect, test} from 'vitest';
import {
  addEngineOptions,
  addModelArgument,
  addPositionalSampling,
  addSamplingOptions,
  DEFAULTS,
  type EngineFlags,
  modelArgument,
  samplingParams,
} from '../../src/commands/options.ts';

function parse(args: string): ReturnType<typeof samplingParams> {
  const command = new Command().exitOverride().configureOutput({writeErr: () => {}});
  let params = {} as ReturnType<typeof samplingParams>;
  command.argument('[model]');
  addPositionalSampling(command);
  addSamplingOptions(command, DEFAULTS.chat);
  command.action((_model, maxTokens, temperature) => {
    params = samplingParams(command, DEFAULTS.chat, {maxTokens, temperature});
  });
  command.parse(args === '' ? [] : args.split(' '), {from: 'user'});
  return params;
}

test('without flags the table of defaults counts, and nothing else is set', () => {
  expect(parse('')).toEqual({maxTokens: 1024, temperature: 0.7, topP: 0.8});
});

test('every flag reaches the sampler under its name', () => {
  const flags =
    '-t 0 --max-tokens 5 --top-p 1 --top-k 40 --min-p 0.05 --seed 7 --repeat-penalty 1.1 --frequency-penalty -1 ' +
    '--presence-penalty 2 --no-repeat-ngram-size 3 --logit-bias 5=-100 --logit-bias 6=1.5 --stop END --stop ###';
  expect(parse(flags)).toEqual({
    temperature: 0,
    maxTokens: 5,
    topP: 1,
    topK: 40,
    minP: 0.05,
    seed: 7,
    repeatPenalty: 1.1,
    frequencyPenalty: -1,
    presencePenalty: 2,
    noRepeatNgramSize: 3,
    logitBias: new Map([
      [5, -100],
      [6, 1.5],
    ]),
    stop: ['END', '###'],
  });
});

test('positional values replace defaults and give way to flags', () => {
  expect(parse('dir 64 0.5')).toMatchObject({maxTokens: 64, temperature: 0.5});
  expect(parse('dir 64 0.5 --max-tokens 8')).toMatchObject({maxTokens: 8, temperature: 0.5});
});

test.each([
  ['--max-tokens abc', 'Expected an integer from 0 to 2147483647.'],
  ['--max-tokens -1', 'Expected an integer from 0 to 2147483647.'],
  ['--max-tokens 1.5', 'Expected an integer from 0 to 2147483647.'],
  ['--top-p 0', 'Expected a number above 0, up to 1.'],
  ['--min-p 1', 'Expected a number, at least 0, below 1.'],
  ['--seed 4294967296', 'Expected an integer from 0 to 4294967295.'],
  ['--temperature NaN', 'Expected a number from 0 to 100.'],
  ['--logit-bias 5', 'Expected a token id and a number from -100 to 100, such as 5=-100.'],
  ['--logit-bias 5=101', 'Expected a token id and a number from -100 to 100, such as 5=-100.'],
  ['--logit-bias 5=1=2', 'Expected a token id and a number from -100 to 100, such as 5=-100.'],
  ['--logit-bias 1.5=1', 'Expected a token id and a number from -100 to 100, such as 5=-100.'],
])('%s is refused with the range', (args, message) => {
  expect(() => parse(args)).toThrow(message);
});

test('the model may be named by position or by flag, engine options are typed', () => {
  const command = new Command();
  addModelArgument(command);
  addEngineOptions(command);
  command.parse('--model-path a --gpu-layers max --ctx 512 --threads 2 --gpu off -l x --template v7 -n 2'.split(' '), {
    from: 'user',
  });
  const flags = command.opts<EngineFlags & {modelPath?: string}>();
  expect(modelArgument(undefined, flags)).toBe('a');
  expect(modelArgument('b', {})).toBe('b');
  expect(flags).toMatchObject({gpuLayers: 'max', ctx: 512, threads: 2, gpu: 'off', loraPath: 'x', template: 'v7'});
});

describe('several GPUs', () => {
  const flagsOf = (args: string) => {
    const command = new Command().exitOverride().configureOutput({writeErr: () => undefined});
    addEngineOptions(command);
    return command.parse(args.split(' '), {from: 'user'}).opts<EngineFlags>();
  };

  test('are named, shared out and counted', () => {
    expect(flagsOf('--devices CUDA0,Vulkan1 --gpu-split 3,1 --split-mode row --main-gpu 1')).toMatchObject({
      devices: ['CUDA0', 'Vulkan1'],
      gpuSplit: [3, 1],
      splitMode: 'row',
      mainGpu: 1,
    });
    expect(flagsOf('--gpu-split 0.75,0,0.25').gpuSplit).toEqual([0.75, 0, 0.25]);
  });

  test.each([
    ['--devices ,', 'names with commas between them'],
    ['--devices a,,b', 'names with commas between them'],
    ['--devices CUDA0,cuda0', 'each device once'],
    ['--gpu-split 3,x', 'a number from 0'],
    ['--gpu-split 3,', 'a number from 0'],
    ['--gpu-split=-1,2', 'a number from 0'],
    ['--gpu-split NaN,1', 'a number from 0'],
    ['--gpu-split 0,0', 'not all of them 0'],
    [`--gpu-split ${'1,'.repeat(16)}1`, 'up to 16 shares'],
    ['--split-mode rows', 'Allowed choices are layer, row, none.'],
    ['--main-gpu 0.5', 'an integer from 0 to 15'],
    ['--main-gpu=-1', 'an integer from 0 to 15'],
  ])('%s is refused', (args, message) => {
    expect(() => flagsOf(args)).toThrow(message);
  });
});
