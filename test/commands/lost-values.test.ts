// Flags that would be lost without a word: given twice, beside their contrary, or with the name of nothing.
import {Command, Option} from 'commander';
import {expect, test} from 'vitest';
import {normaliseArgv} from '../../src/commands/argv.ts';
import {collect, keepOneValue, modelArgument, number} from '../../src/commands/options.ts';
import {run} from '../../src/commands/program.ts';
import {fakeIo} from '../fakes/io.ts';

test.each([
  ['mistral-chat', '--lora-path a --lora-path b'],
  ['mistral-chat', '-l a --lora-path b'],
  ['mistral-chat', '--lora_path a --lora_path=b'],
  ['mistral-chat', '--ctx 100 --ctx 200'],
  ['mistral-chat', '-t 0.1 -t 0.2'],
  ['mistral-chat', '--max-tokens 1 --max_tokens 2'],
  ['mistral-chat', '--gpu off --gpu cuda'],
  ['mistral-chat', '--template v1 --template v3'],
  ['mistral-chat', '--system a --system b'],
  ['mistral-chat', '--url http://a --url http://b'],
  ['mistral-chat', '--model-path a --model-path b'],
  ['mistral-chat', '--tools a --tools b'],
  ['mistral-fim', '--prefix a --prefix b'],
  ['mistral-fim', '--prefix-file a --prefix-file b'],
  ['mistral-tools', '--tools a --tools b -p x'],
  ['mistral-demo', '--seed 1 --seed 2'],
  ['mistral', 'tokenize --text a --text b'],
  ['mistral', 'tokenize --request a --request b'],
  ['mistral', 'convert x --out a --out b'],
  ['mistral', 'serve --port 1 --port 2'],
  ['mistral', 'bench --threads 1 --threads 2'],
])('%s %s: neither value is lost', async (name, line) => {
  const io = fakeIo();
  expect(await run(name, line.split(' '), io)).toBe(2);
  expect(io.err()).toMatch(/^error: option '.*' argument '.*' is invalid\. It was '.*' before: give it once\.\n$/);
});

test.each([
  ['--json --stream-json', "option '--stream-json' cannot be used with option '--json'"],
  ['--stream-json --json', "option '--stream-json' cannot be used with option '--json'"],
  ['--plain --tui', "option '--tui' cannot be used with option '--plain'"],
  ['--tui --screen-reader', "option '--tui' cannot be used with option '--screen-reader'"],
  ['--continue --resume x', "option '--resume <id>' cannot be used with option '--continue'"],
])('%s are refused together', async (line, message) => {
  const io = fakeIo();
  expect(await run('mistral-chat', line.split(' '), io)).toBe(2);
  expect(io.err()).toBe(`error: ${message}\n`);
});

test.each([
  ['mistral-chat', '--system Briefly -p hi', "option '--system <text|@file>' needs option '-i, --instruct'"],
  [
    'mistral-chat',
    '--instruct --lora-scale 0.5 -p hi',
    "option '--lora-scale <x>' needs option '-l, --lora-path <file>'",
  ],
  ['mistral-fim', '--lora-scale 0.5 --prefix x', "option '--lora-scale <x>' needs option '-l, --lora-path <file>'"],
  ['mistral', 'serve --lora-scale 0.5', "option '--lora-scale <x>' needs option '-l, --lora-path <file>'"],
])('%s %s: a flag that would have no effect is refused', async (name, line, message) => {
  const io = fakeIo();
  expect(await run(name, line.split(' '), io)).toBe(2);
  expect(io.err()).toBe(`error: ${message}\n`);
});

function values(args: readonly string[]): Record<string, unknown> {
  const command = new Command()
    .exitOverride()
    .configureOutput({writeErr: () => {}})
    .option('-f, --file <file>')
    .option('--text <text>')
    .option('--ctx <n>', '', number({integer: true}), 7)
    .option('-p <text>', '', collect(String))
    .addOption(new Option('--gpu <kind>').choices(['off', 'cuda']));
  keepOneValue(command.argument('[rest]'));
  return command.parse(normaliseArgv(command, args), {from: 'user'}).opts();
}

test('the same value twice is no contradiction, a list keeps all, an empty name is none, an empty text is one', () => {
  expect(values(['--file', 'a', '--file', 'a', '-p', 'x', '-p', 'x', '-p', ''])).toEqual({
    file: 'a',
    ctx: 7,
    p: ['x', 'x', ''],
  });
  expect(values(['--file', '', '--text', '', '--gpu', 'off'])).toEqual({text: '', ctx: 7, gpu: 'off'});
  expect(values(['--file', '', '--file', 'a'])).toEqual({file: 'a', ctx: 7});
  expect(values(['--file=', '-f', '', '--text=', '--', ''])).toEqual({text: '', ctx: 7});
  expect(values(['--ctx', '9'])).toEqual({ctx: 9});
  expect(() => values(['--ctx', ''])).toThrow('Expected');
  expect(() => values(['--gpu', ''])).toThrow('Allowed choices are off, cuda.');
});

test('two models are refused, an empty one is none', () => {
  expect(modelArgument('', {modelPath: 'b'})).toBe('b');
  expect(modelArgument('b', {modelPath: ''})).toBe('b');
  expect(modelArgument('b', {modelPath: 'b'})).toBe('b');
  expect(modelArgument('', {})).toBe(undefined);
  expect(() => modelArgument('a', {modelPath: 'b'})).toThrow('two models are named: a and b');
});
