// Settings files in the built programs: which of five origins holds, and that --no-config and a broken file do as they say.
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {folderWith} from '../fixtures/folder.ts';
import {runProgram} from './harness/program.ts';

const FILES = {
  'config/mistral-chat/config.toml': 'temperature = 0.1\nmax-tokens = 2\n[profiles.mine]\ntemperature = 0.3\n',
  'work/.mistral-chat.toml': 'temperature = 0.2\n',
  'work/.git/HEAD': '',
};

function place(files: Readonly<Record<string, string>>) {
  const folder = folderWith(files);
  const env = {
    MISTRAL_NO_CONFIG: '',
    XDG_CONFIG_HOME: join(folder, 'config'),
    MISTRAL_STATE_DIR: join(folder, 'state'),
  };
  return {cwd: join(folder, 'work'), env};
}

test('sampling in --json says which of five origins holds', async () => {
  const {cwd, env} = place(FILES);
  const temperatureOf = async (argv: readonly string[], more: Record<string, string> = {}) => {
    const all = ['-p', 'Once', '--json', '--no-attach', ...argv];
    const {stdout} = await runProgram('mistral-chat', all, {cwd, env: {...env, ...more}});
    const {sampling} = JSON.parse(stdout) as {sampling?: {temperature?: unknown}};
    return sampling?.temperature;
  };
  const fromEnv = {MISTRAL_TEMPERATURE: '0.4'};
  const profile = ['--profile', 'mine'];
  expect(await temperatureOf([...profile, '-t', '0.5'], fromEnv)).toEqual({value: 0.5, origin: 'command line'});
  expect(await temperatureOf(profile, fromEnv)).toEqual({value: 0.4, origin: '$MISTRAL_TEMPERATURE'});
  expect(await temperatureOf(profile)).toEqual({value: 0.3, origin: 'profile mine (config.toml:4:1)'});
  expect(await temperatureOf([])).toEqual({value: 0.2, origin: '.mistral-chat.toml:1:1'});
  const {cwd: other} = place({'work/.git/HEAD': ''});
  const user = await runProgram('mistral-fim', ['--prefix', 'a', '--json', '--no-attach'], {cwd: other, env});
  expect(JSON.parse(user.stdout)).toMatchObject({
    sampling: {temperature: {value: 0.1, origin: 'config.toml:1:1'}, max_tokens: {value: 2, origin: 'config.toml:2:1'}},
  });
  expect(await temperatureOf(['--no-config', '--max-tokens', '1'])).toBeUndefined();
  expect(await temperatureOf(['--max-tokens', '1'], {MISTRAL_NO_CONFIG: '1'})).toBeUndefined();
});

test('a broken file is refused with its place, and passed over on request; help does not look', async () => {
  const {cwd, env} = place({'config/mistral-chat/config.toml': 'a = 1\nb = [', 'work/.git/HEAD': ''});
  const run = (...argv: string[]) => runProgram('mistral-chat', argv, {cwd, env});
  expect(await run('-p', 'x')).toEqual({
    code: 2,
    stdout: '',
    stderr: 'error: config.toml:2:5: this is not TOML: unfinished array\nCorrect the file, or run with --no-config.\n',
  });
  expect((await run('-p', 'x', '--no-config', '--no-attach', '--max-tokens', '1')).code).toBe(0);
  expect((await run('--help')).code).toBe(0);
});

test('a tools file of the settings is as good as the flag', async () => {
  const {cwd, env} = place({'work/.git/HEAD': '', 'config/mistral-chat/config.toml': '[tools]\ntools = "t.json"\n'});
  const {code, stderr} = await runProgram('mistral-tools', ['-p', 'x'], {cwd, env});
  expect(code).toBe(1);
  expect(stderr).toContain('config/mistral-chat/t.json');
  const without = await runProgram('mistral-tools', ['-p', 'x', '--no-config'], {cwd, env});
  expect(without).toMatchObject({code: 2, stderr: "error: required option '--tools <file>' not specified\n"});
});
