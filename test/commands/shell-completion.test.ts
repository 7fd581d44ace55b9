import {execFileSync} from 'node:child_process';
import {expect, test} from 'vitest';
import {run} from '../../src/commands/program.ts';
import {fakeIo} from '../fakes/io.ts';

async function script(shell: string): Promise<string> {
  const io = fakeIo();
  expect(await run('mistral', ['completion', shell], io)).toBe(0);
  return io.out();
}

test.each([
  ['mistral to', 'tokenize tools'],
  ['mistral chat --instr', '--instruct'],
  ['mistral-fim --prefix', '--prefix --prefix-file'],
  ['mistral-chat model', ''],
])('bash completes %j with %j', async (line, expected) => {
  const words = line.split(' ');
  const probe = `COMP_WORDS=(${words.join(' ')}); COMP_CWORD=${words.length - 1}; _mistral; echo "\${COMPREPLY[*]}"`;
  const completed = execFileSync('bash', ['-c', `${await script('bash')}\n${probe}`], {encoding: 'utf8'});
  expect(completed.trim().split(' ').sort().join(' ')).toBe(expected);
});

test('zsh reads the script of bash, fish gets a line a flag', async () => {
  expect(await script('zsh')).toMatch(/^autoload .*bashcompinit\n_mistral\(\)/);
  const fish = await script('fish');
  expect(fish).toContain(
    "complete -c mistral-chat -l instruct -s i -d 'chat with the model; without this it continues the text you give'\n",
  );
  expect(fish).toContain('complete -c mistral -n __fish_use_subcommand -a fim -d ');
});

test('another shell is refused with the choices', async () => {
  const io = fakeIo();
  expect(await run('mistral', ['completion', 'tcsh'], io)).toBe(2);
  expect(io.err()).toContain('Allowed choices are bash, zsh, fish');
});
