import {Command} from 'commander';
import {expect, test} from 'vitest';
import {normaliseArgv} from '../../src/commands/argv.ts';
import {addEngineOptions, addSamplingOptions, DEFAULTS} from '../../src/commands/options.ts';

function chatLike(): Command {
  const command = new Command().option('-i, --instruct').option('--no-color').option('--suffix <text>');
  addSamplingOptions(command, DEFAULTS.chat);
  addEngineOptions(command);
  return command;
}

test.each([
  ['--max_tokens 256', '--max-tokens 256'],
  ['--max_tokens=256', '--max-tokens=256'],
  ['--max-tokens=256', '--max-tokens=256'],
  ['--lora_path my_file', '--lora-path my_file'],
  ['--lora_path=my_file', '--lora-path=my_file'],
  ['--instruct', '--instruct'],
  ['--instruct=True', '--instruct'],
  ['--instruct true dir', '--instruct dir'],
  ['--instruct=False', ''],
  ['--instruct False dir', 'dir'],
  ['--noinstruct', ''],
  ['--no-instruct', ''],
  ['--nocolor', '--no-color'],
  ['--no-color', '--no-color'],
  ['-i -t 0.2 dir', '-i -t 0.2 dir'],
  ['dir 64 0.5', 'dir 64 0.5'],
  ['--suffix --max_tokens', '--suffix --max_tokens'],
  ['--no-repeat-ngram-size 3', '--no-repeat-ngram-size 3'],
  ['-- --max_tokens', '-- --max_tokens'],
  ['--max_tokn 3', '--max-tokn 3'],
])('%s is read as %s', (given, expected) => {
  expect(normaliseArgv(chatLike(), given.split(' ')).join(' ')).toBe(expected);
});
