// Flags that could be lost without a word: given twice, beside their contrary, or with the name of nothing.
import {Command, Option} from 'commander';
import {expect, test} from 'vitest';
import {normaliseArgv} from '../../src/commands/argv.ts';
import {collect, lastOneCounts, modelArgument, number} from '../../src/commands/options.ts';
import {allCommands, run} from '../../src/commands/program.ts';
import {fakeIo} from '../fakes/io.ts';

/** Words that some flag takes, each pair two values of it. */
const PAIRS = [
  ['2', '3'],
  ['0.1', '0.2'],
  ['a', 'b'],
  ['http://a', 'http://b'],
  ['Q8_0', 'F16'],
] as const;

/** What `text` means to a flag; undefined when it is refused. */
function parsed(option: Option, text: string): unknown {
  try {
    return option.parseArg ? option.parseArg(text, undefined as never) : text;
  } catch {
    return undefined;
  }
}

/** Every flag of every command and of the commands in it that takes one value, with two that it accepts. */
function singleFlags(command: Command): [name: string, option: Option, pair: readonly string[]][] {
  const own = command.options.flatMap((option): [string, Option, readonly string[]][] => {
    const pair = [...PAIRS, option.argChoices ?? []].find(
      (words) => words.length > 1 && words.slice(0, 2).every((text) => parsed(option, text) !== undefined),
    );
    const isList = Array.isArray(parsed(option, 'a')) || Array.isArray(parsed(option, '1=2'));
    return option.required && !isList ? [[command.name(), option, pair ?? []]] : [];
  });
  return [...own, ...command.commands.flatMap(singleFlags)];
}

const io = fakeIo();
const commands = await allCommands(io);
const flags = commands.flatMap(singleFlags);

test('the table of flags is as long as it has been, and has two values for each', () => {
  expect(flags.length).toBeGreaterThanOrEqual(200);
  expect(flags.filter(([, , pair]) => pair.length < 2).map(([name, {long}]) => [name, long])).toEqual([]);
});

test.each(flags.map(([name, option, pair]) => [name, option.flags, option, pair] as const))(
  '%s %s: the last one counts, and a line tells it',
  (_name, _flags, option, [first = '', second = '']) => {
    const flag = option.long ?? option.short ?? '';
    const told = (...args: string[]) => {
      const lines: string[] = [];
      const command = new Command()
        .exitOverride()
        .addOption(option)
        .action(() => {});
      const overruled = lastOneCounts(command, (line) => lines.push(line));
      command.parse(normaliseArgv(command, args, overruled), {from: 'user'});
      return {lines, value: command.getOptionValue(option.attributeName()) as unknown};
    };
    const once = told(flag, second);
    expect(once.lines).toEqual([]);
    const line = `note: ${flag} is given more than once; the last one counts`;
    expect(told(flag, first, flag, second)).toEqual({lines: [line], value: once.value});
    expect(told(flag, first, `${flag}=${second}`)).toEqual({lines: [line], value: once.value});
    expect(told(flag, second, flag, first, flag, second)).toEqual({lines: [line], value: once.value});
    expect(told(flag, second, flag, second)).toEqual({lines: [], value: once.value});
  },
);

test.each([
  ['mistral-chat', '-t 0.1 -t0.2 --ctx 0', '--temperature'],
  ['mistral-chat', '--max-tokens 1 --max_tokens 2 --help', '--max-tokens'],
])('%s %s: nothing is told of a command line that is refused or not run', async (name, line, flag) => {
  const refused = fakeIo();
  await run(name, line.split(' '), refused);
  expect(refused.err()).not.toContain(`${flag} is given`);
});

test.each([
  ['mistral', 'tokenize --text a --text b', '--text'],
  ['mistral', 'tokenize --text=a --text a --text c --text b', '--text'],
  ['mistral', 'tokenize --template v1 --text b --template v3', '--template'],
])('%s %s says so on stderr and computes with the last', async (name, line, flag) => {
  const [twice, once] = [fakeIo(), fakeIo()];
  expect(await run(name, line.split(' '), twice)).toBe(0);
  await run(name, ['tokenize', '--text', 'b'], once);
  expect(twice.out()).toBe(once.out());
  expect(twice.err().split('\n')[0]).toBe(`note: ${flag} is given more than once; the last one counts`);
});

test('sessions export: a flag of a command in a command too', async () => {
  const folder = fakeIo('', {XDG_STATE_HOME: '/nowhere'});
  expect(await run('mistral', 'sessions export x -o a --output b'.split(' '), folder)).toBe(2);
  expect(folder.err()).toContain('note: --output is given more than once; the last one counts\n');
});

test.each([
  ['--json --stream-json', "option '--stream-json' cannot be used with option '--json'"],
  ['--stream-json --json', "option '--stream-json' cannot be used with option '--json'"],
  ['-i --show-thinking --json', "option '--show-thinking' cannot be used with option '--json'"],
  ['--plain --tui', "option '--tui' cannot be used with option '--plain'"],
  ['--tui --screen-reader', "option '--tui' cannot be used with option '--screen-reader'"],
  ['--continue --resume x', "option '--resume <id>' cannot be used with option '--continue'"],
])('%s are refused together', async (line, message) => {
  const io = fakeIo();
  expect(await run('mistral-chat', line.split(' '), io)).toBe(2);
  expect(io.err()).toBe(`error: ${message}\n`);
});

test.each([
  ['mistral-chat', '--system Briefly -p hi', "option '--system <text|@file|default>' needs option '-i, --instruct'"],
  [
    'mistral-chat',
    '--reasoning-effort high -p hi',
    "option '--reasoning-effort <level>' needs option '-i, --instruct'",
  ],
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
    .option('-i, --instruct')
    .option('--no-attach')
    .option('-f, --file <file>')
    .option('--text <text>')
    .option('--ctx <n>', '', number({integer: true}), 7)
    .option('-p <text>', '', collect(String))
    .addOption(new Option('--gpu <kind>').choices(['off', 'cuda']));
  const told: string[] = [];
  const overruled = lastOneCounts(
    command.argument('[rest]').action(() => {}),
    (line) => told.push(line),
  );
  const {attach, ...opts} = command.parse(normaliseArgv(command, args, overruled), {from: 'user'}).opts();
  return {...opts, ...(attach === false && {attach}), ...(told.length > 0 && {told})};
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

test('a flag without a value and its contrary: the last one counts, and is told', () => {
  const told = (flag: string) => [`note: ${flag} is given more than once; the last one counts`];
  expect(values(['-i', '--noinstruct'])).toEqual({ctx: 7, told: told('--instruct')});
  expect(values(['--instruct', '--instruct=False'])).toEqual({ctx: 7, told: told('--instruct')});
  expect(values(['--instruct', 'False', '--instruct'])).toEqual({ctx: 7, instruct: true});
  expect(values(['--instruct', '-i', '--instruct', 'true'])).toEqual({ctx: 7, instruct: true});
  expect(values(['--no-attach', '--no_attach=false'])).toEqual({ctx: 7, told: told('--no-attach')});
  expect(values(['--no-attach', '--noattach'])).toEqual({ctx: 7, attach: false});
  // What is the value of another flag is none.
  expect(values(['--text', '--instruct', '--noinstruct'])).toEqual({ctx: 7, text: '--instruct'});
});

test('two models are refused, an empty one is none', () => {
  expect(modelArgument('', {modelPath: 'b'})).toBe('b');
  expect(modelArgument('b', {modelPath: ''})).toBe('b');
  expect(modelArgument('b', {modelPath: 'b'})).toBe('b');
  expect(modelArgument('', {})).toBe(undefined);
  expect(() => modelArgument('a', {modelPath: 'b'})).toThrow('two models are named: a and b');
});
